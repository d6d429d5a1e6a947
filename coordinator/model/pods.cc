#include "coordinator/model/pods.h"

#include <algorithm>
#include <charconv>

namespace shardkeeper::model {

std::optional<ShardId> Pod::shard() const {
  const auto label = labels.find(kLabelShard);
  if (label == labels.end()) return std::nullopt;
  ShardId id;
  const char* const end = label->second.data() + label->second.size();
  const auto [stopped, failed] = std::from_chars(label->second.data(), end, id.value);
  if (failed != std::errc{} || stopped != end || id.value < 0) return std::nullopt;
  return id;
}

bool Pod::server_ended() const {
  const auto valkey = std::ranges::find(containers, "valkey", &ContainerStatus::name);
  return valkey != containers.end() && !valkey->running && valkey->terminated_id && *valkey->terminated_id == valkey->id;
}

}  // namespace shardkeeper::model
