// INFO, read once into a flat map. Pure.
#pragma once

#include "common/error/result.h"
#include "common/node/node_state.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace shardkeeper::valkey::parse {

// The text of INFO (any sections). Views point into `text`, which must outlive it.
class Info {
 public:
  // Of equal keys the first one counts.
  // ERRORS kInvalid: a line is neither empty, a comment nor key:value; more than 2,000 lines; longer than 1 MiB.
  static Result<Info> parse(std::string_view text);

  std::optional<std::string_view> get(std::string_view key) const;
  std::optional<std::uint64_t> number(std::string_view key) const;  // none where absent or not a number
  bool is(std::string_view key, std::string_view value) const;

 private:
  std::unordered_map<std::string_view, std::string_view> values_;
};

// From section "replication". A cluster replica that has no address for its primary prints role:master: cross-check the role with
// the myself line of CLUSTER NODES. A link that was never up has link_down_for 0.
// ERRORS kInvalid: role, its offset or master_replid missing or malformed, a slaveN line malformed, more than 1,000 of them.
// `has_synced` is not in INFO; it is left false.
struct ReplicationInfo {
  Role role = Role::kPrimary;
  Replication replication;
  bool loading_async = false;  // needs section "persistence" in the same text

  bool operator==(const ReplicationInfo&) const = default;
};
Result<ReplicationInfo> parse_replication(const Info& info);

}  // namespace shardkeeper::valkey::parse
