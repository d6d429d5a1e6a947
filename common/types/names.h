// Names that must not be mixed up: each is a string with a type of its own.
#pragma once

#include <compare>
#include <string>
#include <utility>

namespace shardkeeper {

template <typename Tag>
struct Name {
  std::string value;

  Name() = default;
  explicit Name(std::string v) : value(std::move(v)) {}
  bool empty() const { return value.empty(); }
  auto operator<=>(const Name&) const = default;
};

using ClusterName = Name<struct ClusterNameTag>;
using PodName = Name<struct PodNameTag>;  // opaque, as in cache-7x2kq
using PodUid = Name<struct PodUidTag>;    // differs for a pod of the same name that was made again
using WorkerName = Name<struct WorkerNameTag>;
using StartId = Name<struct StartIdTag>;  // random, one per start request of `launch`

// Index of a shard within its cluster: the value of label shardkeeper.io/shard. Not Valkey's own shard id, which Valkey chooses.
struct ShardId {
  int value = 0;

  auto operator<=>(const ShardId&) const = default;
};

template <typename Tag>
const std::string& to_string(const Name<Tag>& name) {
  return name.value;
}
inline std::string to_string(ShardId shard) { return std::to_string(shard.value); }

}  // namespace shardkeeper
