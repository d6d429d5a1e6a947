// Any text: an error that names the line, or rows that print and parse to themselves.
#include "common/valkey/parse/cluster_nodes.h"
#include "tests/fuzz/check.h"

#include <algorithm>
#include <string>

namespace shardkeeper::fuzz {
namespace {

using valkey::parse::ClusterNodes;

std::string print(const NodeRow& row, const std::vector<OpenSlot>& open_slots) {
  std::string flags = row.role == Role::kPrimary ? "master" : "slave";
  if (row.is_myself) flags = "myself," + flags;
  if (row.is_suspected) flags += ",fail?";
  if (row.is_failed) flags += ",fail";
  if (row.has_no_address) flags += ",noaddr";
  std::string line = row.id.str() + " " + to_string(row.endpoint) + "@" + std::to_string(row.endpoint.bus_port) + " " + flags + " " +
                     (row.primary_id ? row.primary_id->str() : "-") + " 0 0 " + to_string(row.config_epoch) +
                     (row.link_connected ? " connected" : " disconnected");
  for (const auto& range : row.slots.ranges()) line += " " + to_string(SlotSet::of(range.first, range.last));
  if (row.is_myself) {
    for (const auto& open : open_slots)
      line +=
          " [" + std::to_string(open.slot) + (open.direction == OpenSlot::Direction::kMigrating ? "->-" : "-<-") + open.peer.str() + "]";
  }
  return line + "\n";
}

void check(const ClusterNodes& nodes) {
  const auto& rows = nodes.view.rows;
  SK_CHECK(std::ranges::is_sorted(rows, {}, &NodeRow::id), "rows are sorted");
  SK_CHECK(std::ranges::adjacent_find(rows, {}, &NodeRow::id) == rows.end(), "ids are different");
  std::string printed;
  for (const auto& row : rows) printed += print(row, nodes.open_slots);
  const auto again = valkey::parse::parse_cluster_nodes(printed);
  SK_CHECK(again, "what was printed, parses");
  SK_CHECK(*again == nodes, "what was printed, parses to the same");
}

}  // namespace
}  // namespace shardkeeper::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shardkeeper;
  const auto text = fuzz::as_text(data, size);
  const auto nodes = valkey::parse::parse_cluster_nodes(text);
  nodes ? fuzz::check(*nodes) : fuzz::check_error(nodes.error());
  const auto stored = valkey::parse::parse_nodes_conf(text);
  stored ? fuzz::check(*stored) : fuzz::check_error(stored.error());
  if (nodes) SK_CHECK(stored && *stored == *nodes, "nodes.conf has all that CLUSTER NODES may have");
  return 0;
}
