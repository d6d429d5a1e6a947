#include "common/rpc/convert/topology.h"

#include "common/rpc/convert/reader.h"

namespace shardkeeper::rpc::convert {

static_assert(pb::ROLE_PRIMARY == static_cast<int>(Role::kPrimary) + 1 && pb::ROLE_REPLICA == static_cast<int>(Role::kReplica) + 1);

namespace {

void write_row(const NodeRow& row, pb::NodeRow& out) {
  out.set_id(row.id.str());
  to_proto(row.endpoint, *out.mutable_endpoint());
  out.set_role(to_wire<pb::Role>(row.role));
  if (row.primary_id) out.set_primary_id(row.primary_id->str());
  out.set_is_myself(row.is_myself);
  out.set_is_suspected(row.is_suspected);
  out.set_is_failed(row.is_failed);
  out.set_has_no_address(row.has_no_address);
  out.set_link_connected(row.link_connected);
  out.set_config_epoch(row.config_epoch.value);
  to_proto(row.slots, *out.mutable_slots());
}

NodeRow read_row(Reader& read, const pb::NodeRow& in) {
  NodeRow row{.id = read.id("id", in.id()), .endpoint = read.endpoint("endpoint", in.endpoint())};
  row.role = read.enumerator("role", in.role(), Role::kReplica);
  row.primary_id = read.optional_id("primary_id", in.primary_id());
  row.is_myself = in.is_myself();
  row.is_suspected = in.is_suspected();
  row.is_failed = in.is_failed();
  row.has_no_address = in.has_no_address();
  row.link_connected = in.link_connected();
  row.config_epoch = Epoch{in.config_epoch()};
  row.slots = read.slots("slots", in.slots());
  return row;
}

}  // namespace

void to_proto(const TopologyView& view, pb::TopologyView& out) {
  for (const auto& row : view.rows) write_row(row, *out.add_rows());
}

Result<TopologyView> from_proto(const pb::TopologyView& in) {
  Reader read("topology view");
  TopologyView view;
  if (!read.count("rows", in.rows_size(), kRowsMax)) return read.result(view);
  int ranges = 0;
  for (const auto& row : in.rows()) ranges += row.slots_size();
  // Before any is read: ranges that come in disorder cost more than linear time.
  if (!read.count("slot ranges of all rows", ranges, kSlotRangesMax)) return read.result(view);
  view.rows.reserve(static_cast<std::size_t>(in.rows_size()));
  for (const auto& row : in.rows()) {
    view.rows.push_back(read_row(read, row));
    const std::size_t size = view.rows.size();
    if (size > 1 && !(view.rows[size - 2].id < view.rows[size - 1].id)) read.fail("rows", "are not sorted by id, or hold an id twice");
  }
  return read.result(std::move(view));
}

void to_proto(const OpenSlot& open, pb::OpenSlot& out) {
  out.set_slot(static_cast<std::uint32_t>(open.slot));
  out.set_importing(open.direction == OpenSlot::Direction::kImporting);
  out.set_peer_id(open.peer.str());
}

Result<OpenSlot> from_proto(const pb::OpenSlot& in) {
  Reader read("open slot");
  if (in.slot() >= kSlotCount) read.fail("slot", std::to_string(in.slot()) + " is not within 0..16383");
  return read.result(OpenSlot{.slot = static_cast<int>(in.slot()),
                              .direction = in.importing() ? OpenSlot::Direction::kImporting : OpenSlot::Direction::kMigrating,
                              .peer = read.id("peer_id", in.peer_id())});
}

}  // namespace shardkeeper::rpc::convert
