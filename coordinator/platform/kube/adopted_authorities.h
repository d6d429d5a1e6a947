// Certificate authorities that others made, such as cert-manager, and that spec.agentTls names.
#pragma once

#include "common/time/scheduler.h"
#include "common/tls/authority.h"
#include "coordinator/platform/kube/client/api.h"
#include "coordinator/platform/kube/objects/cluster_reader.h"
#include "coordinator/platform/kube/reflectors.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace shardkeeper::platform::kube {

// The Secret's name; "": the cluster's certificates are signed by an authority of our own.
std::string authority_named_by(const KubeCluster& cluster);

// THREAD the loop's. REQUIRES api and scheduler outlive it.
class AdoptedAuthorities {
 public:
  struct Hooks {
    std::function<void(const ObjectName& secret)> changed;
    std::function<void()> synced;
    std::function<void(const Error&)> troubled;  // the watch; once for each different trouble
  };

  AdoptedAuthorities(Api& api, Scheduler& scheduler, std::vector<std::string> spaces, std::uint64_t seed, Hooks hooks)
      : api_(api), scheduler_(scheduler), spaces_(std::move(spaces)), seed_(seed), hooks_(std::move(hooks)) {}

  // RETURNS none while nothing is known: Secrets are watched from the first question on.
  // `signing`: what signs the cluster's certificates now; null: nothing does. ERRORS kNotFound, kInvalid: with what is wrong with it; also
  // where what signs ends soon. REQUIRES the cluster names one.
  std::optional<Result<tls::Authority>> find(const KubeCluster& cluster, const tls::Authority* signing);
  std::optional<Error> watch_trouble() const { return watch_ ? watch_->trouble() : std::nullopt; }

 private:
  void watch();

  Api& api_;
  Scheduler& scheduler_;
  const std::vector<std::string> spaces_;
  const std::uint64_t seed_;
  const Hooks hooks_;
  std::unique_ptr<Reflectors> watch_;
};

}  // namespace shardkeeper::platform::kube
