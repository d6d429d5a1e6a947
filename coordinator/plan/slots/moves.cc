#include "coordinator/plan/slots/moves.h"

#include <algorithm>
#include <tuple>

namespace shardkeeper::plan {
namespace {

struct Share {
  ShardId shard;
  int whole = 0;                // its exact share, rounded down
  std::uint64_t remainder = 0;  // of the division: above 0, it may be rounded up
  int owned = 0;
};

int owned_by(const Owners& owners, ShardId shard) {
  const auto it = owners.find(shard);
  return it == owners.end() ? 0 : it->second.count();
}

// Slots of one giver, handed out from the lowest up.
class Supply {
 public:
  Supply(std::optional<ShardId> from, SlotSet slots) : from_(from), slots_(std::move(slots)), left_(slots_.count()) {}

  std::optional<ShardId> from() const { return from_; }
  int left() const { return left_; }
  SlotSet take(int count) {
    SlotSet taken;
    left_ -= count;
    while (count > 0) {
      const SlotRange& range = slots_.ranges()[at_];
      const int first = range.first + used_of_range_;
      const int last = std::min(range.last, first + count - 1);
      taken.add({first, last});
      count -= last - first + 1;
      used_of_range_ += last - first + 1;
      if (last == range.last) ++at_, used_of_range_ = 0;
    }
    return taken;
  }

 private:
  std::optional<ShardId> from_;
  SlotSet slots_;
  int left_ = 0;
  std::size_t at_ = 0;
  int used_of_range_ = 0;
};

SlotSet unowned(const Owners& owners, int slots) {
  std::vector<SlotRange> all;
  for (const auto& [shard, owned] : owners) all.insert(all.end(), owned.ranges().begin(), owned.ranges().end());
  std::ranges::sort(all);
  SlotSet free;
  int next = 0;
  for (const auto& range : all) {
    if (next < range.first) free.add({next, range.first - 1});
    next = std::max(next, range.last + 1);
  }
  if (next < slots) free.add({next, slots - 1});
  return free;
}

// Givers give their highest slots. Together with takers being served in order this makes the plan stable: what is left of a giver's
// surplus after any part of it has gone is again its highest slots, and in the same order.
std::vector<Supply> supplies(const Owners& owners, const std::map<ShardId, int>& targets, int slots) {
  std::vector<Supply> result;
  if (SlotSet free = unowned(owners, slots); !free.empty()) result.emplace_back(std::nullopt, std::move(free));
  for (const auto& [shard, owned] : owners) {
    const auto target = targets.find(shard);
    const int surplus = owned.count() - (target == targets.end() ? 0 : target->second);
    if (surplus > 0) result.emplace_back(shard, highest(owned, surplus));
  }
  return result;
}

}  // namespace

SlotSet lowest(const SlotSet& slots, int count) {
  SlotSet result;
  for (const auto& range : slots.ranges()) {
    if (count <= 0) break;
    result.add({range.first, std::min(range.last, range.first + count - 1)});
    count -= range.size();
  }
  return result;
}

SlotSet highest(const SlotSet& slots, int count) {
  int skip = std::max(slots.count() - count, 0);
  SlotSet result;
  for (const auto& range : slots.ranges()) {
    if (skip < range.size()) result.add({range.first + skip, range.last});
    skip = std::max(skip - range.size(), 0);
  }
  return result;
}

std::map<ShardId, int> target_counts(const Owners& owners, const Weights& weights, int slots) {
  std::uint64_t total = 0;
  for (const auto& [shard, weight] : weights) total += weight;
  std::vector<Share> shares;
  int rest = slots;
  for (const auto& [shard, weight] : weights) {
    if (weight == 0) continue;
    const std::uint64_t exact = static_cast<std::uint64_t>(slots) * weight;
    shares.push_back({shard, static_cast<int>(exact / total), exact % total, owned_by(owners, shard)});
    rest -= shares.back().whole;
  }
  if (shares.empty()) return {};
  // Rounded up first: whoever owns more than the rounded-down share anyway, since each of them saves a move; then the larger remainder, then the
  // higher shard, as where slots are first assigned.
  // The order does not change while surplus flows off: whoever was chosen for owning more never falls below it.
  std::ranges::sort(shares, [](const Share& a, const Share& b) {
    const auto rank = [](const Share& s) { return std::tuple(s.remainder == 0, s.owned <= s.whole, ~s.remainder, -s.shard.value); };
    return rank(a) < rank(b);
  });
  std::map<ShardId, int> targets;
  for (const auto& share : shares) targets[share.shard] = share.whole + (rest-- > 0 ? 1 : 0);
  return targets;
}

std::vector<Move> plan_moves(const Owners& owners, const Weights& weights, int slots) {
  const auto targets = target_counts(owners, weights, slots);
  std::vector<Move> moves;
  if (targets.empty()) return moves;
  auto givers = supplies(owners, targets, slots);
  auto giver = givers.begin();
  for (const auto& [shard, target] : targets) {
    for (int wanted = target - owned_by(owners, shard); wanted > 0;) {
      const int count = std::min(wanted, giver->left());
      moves.push_back({giver->from(), shard, giver->take(count)});
      wanted -= count;
      if (giver->left() == 0) ++giver;
    }
  }
  std::ranges::stable_sort(moves, [](const Move& a, const Move& b) { return std::tie(a.from, a.to) < std::tie(b.from, b.to); });
  return moves;
}

}  // namespace shardkeeper::plan
