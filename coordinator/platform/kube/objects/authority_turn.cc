#include "coordinator/platform/kube/objects/authority_turn.h"

namespace shardkeeper::platform::kube {

AuthorityTurn turn_authority(const ClusterKeys& keys, const tls::Authority& wanted, std::chrono::sys_seconds now) {
  AuthorityTurn turn;
  ClusterKeys next = keys;
  next.since = now;
  const auto spread_at = keys.since + kSecretsSpreadIn;
  const bool signs_already = wanted.certificate_pem() == keys.authority.certificate_pem();
  if (signs_already && keys.also_trusted_pem.empty()) return turn;
  if (!keys.also_trusted_pem.empty() && now < spread_at) {
    turn.due_at = spread_at;
    return turn;
  }
  if (signs_already) {
    next.also_trusted_pem.clear();
    turn.next = std::move(next);
    return turn;
  }
  if (keys.also_trusted_pem != wanted.certificate_pem()) {
    next.also_trusted_pem = wanted.certificate_pem();
  } else {
    next.authority = wanted;
    next.is_adopted = true;
    next.also_trusted_pem = keys.authority.certificate_pem();
  }
  turn.next = std::move(next);
  turn.due_at = now + kSecretsSpreadIn;
  return turn;
}

}  // namespace shardkeeper::platform::kube
