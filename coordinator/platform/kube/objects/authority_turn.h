// How the authority that a cluster's agents trust gives way to another one without a moment in which two of them do not trust each other. Pure.
#pragma once

#include "coordinator/platform/kube/objects/secrets.h"

#include <chrono>
#include <optional>

namespace shardkeeper::platform::kube {

// A kubelet brings a changed Secret to its pods within two minutes, and agents look every two seconds; the rest is for workers in trouble.
inline constexpr std::chrono::minutes kSecretsSpreadIn{10};

struct AuthorityTurn {
  std::optional<ClusterKeys> next;                 // these now; none: as they are
  std::optional<std::chrono::sys_seconds> due_at;  // the next step, if nothing else changes
};

// Three steps, each at least kSecretsSpreadIn after the one before: everybody trusts the wanted authority too; it signs; the former one is trusted
// no more. An authority that changes again on the way is announced anew, when the step before has spread. Where `wanted` signs already, another one
// that is trusted too leaves.
AuthorityTurn turn_authority(const ClusterKeys& keys, const tls::Authority& wanted, std::chrono::sys_seconds now);

}  // namespace shardkeeper::platform::kube
