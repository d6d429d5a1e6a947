#include "common/node/topology.h"

#include <algorithm>
#include <string_view>

namespace shardkeeper {
namespace {

// FNV-1a, 64 bit: stable between builds and machines, which std::hash is not.
class Hasher {
 public:
  void add(std::string_view bytes) {
    for (const char c : bytes) mix(static_cast<unsigned char>(c));
    mix(0xff);  // separator: no text contains it
  }
  void add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) mix((number >> shift) & 0xff);
  }
  std::uint64_t result() const { return hash_ == 0 ? 1 : hash_; }

 private:
  void mix(std::uint64_t byte) { hash_ = (hash_ ^ byte) * 0x100000001b3ULL; }
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
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
