// Everything that decides what a new pod looks like.
#pragma once

#include "coordinator/model/pods.h"
#include "coordinator/platform/kube/objects/cluster_reader.h"

#include <string>

namespace shardkeeper::platform::kube {

// Where things lie in a pod. The volume is disk-backed, and shared by all containers that are ours.
inline constexpr const char* kVolumePath = "/data";
inline constexpr const char* kIdentityPath = "/etc/shardkeeper/identity";
inline constexpr const char* kUsersPath = "/etc/shardkeeper/users";
inline constexpr const char* kServerTlsPath = "/etc/shardkeeper/server-tls";
inline constexpr const char* kUsersFile = "users.acl";
// Long enough for a hand-over (seconds) and for a large server to give its memory back (30 ms/GB); `launch stop` stops waiting 10 s before.
inline constexpr int kGraceSeconds = 60;
// Of all processes of a pod: they share files of mode 0600 on the volume. The same number as in the usual Valkey images.
inline constexpr int kUserId = 999;

enum class AgentIs {
  kNativeSidecar,      // an init container with restartPolicy Always: starts before the server and ends after it
  kOrdinaryContainer,  // for kubelets before 1.29: ignores SIGTERM until the server has ended
};

struct PodPlan {
  const KubeCluster& cluster;
  const model::PodRequest& request;
  std::string helper_image;  // with prepare, agent and launch
  AgentIs agent = AgentIs::kOrdinaryContainer;
};

}  // namespace shardkeeper::platform::kube
