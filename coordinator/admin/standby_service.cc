#include "coordinator/admin/standby_service.h"

namespace shardkeeper::coordinator {

void StandbyService::set_leader(const std::string& leader) {
  const std::string pod = leader.substr(0, leader.find('_'));
  reason_ = refused("coordinator", "this one stands by; " + pod + " leads. Ask there: kubectl exec " + pod + " -- shardkeeper …");
}

admin::v1::Version StandbyService::version() {
  admin::v1::Version version;
  version.set_version(SHARDKEEPER_VERSION);
  version.set_platform("kubernetes, standing by");
  return version;
}

}  // namespace shardkeeper::coordinator
