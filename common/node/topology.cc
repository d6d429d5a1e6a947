#include "common/node/topology.h"

#include "common/types/fnv1a.h"

#include <algorithm>
#include <string_view>

namespace shardkeeper {
namespace {

class Hasher {
 public:
  void add(std::string_view bytes) {
    hash_.add_bytes(bytes);
    hash_.add(0xffU);  // separator: no text contains it
  }
  void add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) hash_.add(static_cast<unsigned>((number >> shift) & 0xff));
  }
  std::uint64_t result() const { return hash_.value(); }

 private:
  Fnv1a hash_;
};

}  // namespace

const NodeRow* TopologyView::find(const NodeId& id) const {
  const auto it = std::ranges::lower_bound(rows, id, {}, &NodeRow::id);
  return it != rows.end() && it->id == id ? &*it : nullptr;
}

std::uint64_t agreement_hash(const TopologyView& view) {
  Hasher hasher;
  for (const auto& row : view.rows) {
    hasher.add(row.id.str());
    hasher.add(row.endpoint.ip);
    hasher.add(row.endpoint.port);
    hasher.add(row.role == Role::kPrimary ? 1 : 2);
    hasher.add(row.primary_id ? std::string_view(row.primary_id->str()) : std::string_view());
    hasher.add((row.is_suspected ? 1U : 0U) + (row.is_failed ? 2U : 0U) + (row.has_no_address ? 4U : 0U));
    hasher.add(row.config_epoch.value);
    for (const auto& range : row.slots.ranges())
      hasher.add(static_cast<std::uint64_t>(range.first) << 16U | static_cast<std::uint64_t>(range.last));
  }
  return hasher.result();
}

}  // namespace shardkeeper
