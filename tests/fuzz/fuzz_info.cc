// Any text: an error, or a map whose section "replication" can be asked for.
#include "common/valkey/parse/info.h"
#include "tests/fuzz/check.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shardkeeper;
  const auto info = valkey::parse::Info::parse(fuzz::as_text(data, size));
  if (!info) {
    fuzz::check_error(info.error());
    return 0;
  }
  const auto result = valkey::parse::parse_replication(*info);
  if (!result) {
    fuzz::check_error(result.error());
    return 0;
  }
  const auto& replication = result->replication;
  SK_CHECK(replication.replication_id.size() == 40, "a replication id has 40 digits");
  SK_CHECK(std::ranges::is_sorted(replication.online_replicas, {}, &OnlineReplica::endpoint), "replicas are sorted");
  SK_CHECK(!replication.has_synced, "INFO does not tell");
  if (result->role == Role::kPrimary) SK_CHECK(!replication.link_up && !replication.sync_in_progress, "a primary has no link");
  if (result->role == Role::kReplica) SK_CHECK(replication.online_replicas.empty(), "a replica's own replicas are left out");
  if (replication.link_up) SK_CHECK(replication.link_down_for.count() == 0, "a link that is up is not down");
  return 0;
}
