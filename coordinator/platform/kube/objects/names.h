// What our objects are called, in one place. A cluster's name has at most 40 characters, so that every name stays a DNS label.
#pragma once

#include "common/types/names.h"

#include <cstdint>
#include <string>

namespace shardkeeper::platform::kube {

inline constexpr const char* kGroup = "shardkeeper.io";
inline constexpr const char* kApiVersion = "shardkeeper.io/v1alpha1";
inline constexpr const char* kKind = "ValkeyCluster";
inline constexpr const char* kPlural = "valkeyclusters";
inline constexpr const char* kFieldManager = "shardkeeper-coordinator";

inline constexpr std::uint16_t kServerPort = 6379;
inline constexpr std::uint16_t kAgentRpcPort = 9780;
inline constexpr std::uint16_t kAgentHttpPort = 9781;

// On Secrets with an authority that spec.agentTls may name.
inline constexpr const char* kAuthorityLabel = "shardkeeper.io/certificate-authority";

// Containers of a pod.
inline constexpr const char* kPrepare = "prepare";
inline constexpr const char* kAgent = "agent";
inline constexpr const char* kValkey = "valkey";

inline std::string client_service_name(const ClusterName& cluster) { return cluster.value; }
inline std::string headless_service_name(const ClusterName& cluster) { return cluster.value + "-nodes"; }
inline std::string network_policy_name(const ClusterName& cluster) { return cluster.value; }
inline std::string budget_name(const ClusterName& cluster, ShardId shard) { return cluster.value + "-shard-" + to_string(shard); }
inline std::string authority_secret_name(const ClusterName& cluster) { return cluster.value + "-ca"; }
inline std::string agents_secret_name(const ClusterName& cluster) { return cluster.value + "-agents"; }

}  // namespace shardkeeper::platform::kube
