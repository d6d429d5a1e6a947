// The planner's two optimisers beside dumb ones that try everything, in worlds so small that everything can be tried.
#include "coordinator/plan/placement/primaries.h"
#include "coordinator/plan/slots/moves.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace shardkeeper::plan {
namespace {

// Counts in base `base`: each call makes `digits` the next number. RETURNS false after the last one.
bool next_number(std::vector<int>& digits, int base) {
  for (auto& digit : digits) {
    if (++digit < base) return true;
    digit = 0;
  }
  return false;
}

// Who owns each slot: the shard of that number, or nobody.
using SlotCounts = std::vector<int>;
constexpr int kNobody = 0;

Owners owners_of(const SlotCounts& layout) {
  Owners owners;
  for (std::size_t slot = 0; slot < layout.size(); ++slot)
    if (layout[slot] != kNobody) owners[ShardId{layout[slot]}].add(static_cast<int>(slot));
  return owners;
}

std::string told(const SlotCounts& layout, const Weights& weights) {
  std::string text = "owners";
  for (const int owner : layout) text += " " + std::to_string(owner);
  for (const auto& [shard, weight] : weights) text += ", " + to_string(shard) + " weighs " + std::to_string(weight);
  return text;
}

// Every slot has an owner that shall own slots, and each of these its exact share, rounded down or up.
bool is_good_end(const SlotCounts& layout, const Weights& weights) {
  long total = 0;
  for (const auto& [shard, weight] : weights) total += weight;
  const auto slots = static_cast<long>(layout.size());
  long owned_by_wanted = 0;
  for (const auto& [shard, weight] : weights) {
    const long owned = std::ranges::count(layout, shard.value);
    owned_by_wanted += owned;
    if (std::abs(owned * total - slots * weight) >= total) return false;
  }
  return owned_by_wanted == slots;
}

int moved_between(const SlotCounts& before, const SlotCounts& after) {
  int moved = 0;
  for (std::size_t slot = 0; slot < before.size(); ++slot) moved += before[slot] != kNobody && before[slot] != after[slot] ? 1 : 0;
  return moved;
}

// Tries every end that there is.
int fewest_moves(const SlotCounts& layout, const Weights& weights, int owners) {
  int fewest = std::numeric_limits<int>::max();
  SlotCounts end(layout.size(), kNobody);
  do {
    if (is_good_end(end, weights)) fewest = std::min(fewest, moved_between(layout, end));
  } while (next_number(end, owners));
  return fewest;
}

SlotCounts after(SlotCounts layout, const std::vector<Move>& moves) {
  for (const auto& move : moves)
    for (std::size_t slot = 0; slot < layout.size(); ++slot)
      if (move.slots.contains(static_cast<int>(slot))) layout[slot] = move.to.value;
  return layout;
}

void compare_moves(const SlotCounts& layout, const Weights& weights, int owners) {
  const auto moves = plan_moves(owners_of(layout), weights, static_cast<int>(layout.size()));
  const auto end = after(layout, moves);
  ASSERT_TRUE(is_good_end(end, weights)) << told(layout, weights) << "; ends as " << told(end, {});
  int planned = 0;
  for (const auto& move : moves) planned += move.from ? move.slots.count() : 0;
  ASSERT_EQ(planned, moved_between(layout, end)) << told(layout, weights) << ": no slot moves twice or to where it is";
  ASSERT_EQ(planned, fewest_moves(layout, weights, owners)) << told(layout, weights);
}

TEST(SmallWorlds, NoPlanMovesMoreSlotsThanTheBestOfAllEnds) {
  constexpr int kSmallSlots = 5;
  constexpr int kOwners = 4;  // nobody and three shards
  std::vector<int> numbers(kOwners - 1, 0);
  while (next_number(numbers, 3)) {  // all weights 0 is where it begins: nobody shall own slots
    Weights weights;
    for (int shard = 1; shard < kOwners; ++shard)
      if (const int weight = numbers[static_cast<std::size_t>(shard) - 1]; weight > 0)
        weights[ShardId{shard}] = static_cast<std::uint32_t>(weight);
    SlotCounts layout(kSmallSlots, kNobody);
    do { compare_moves(layout, weights, kOwners); } while (!HasFatalFailure() && next_number(layout, kOwners));
    if (HasFatalFailure()) return;
  }
}

TEST(SmallWorlds, NorInLargerOnesThatAreOnlySampled) {
  EXPECT_TRUE(rc::check([] {
    constexpr int kOwners = 5;
    const SlotCounts layout = *rc::gen::container<SlotCounts>(6, rc::gen::inRange(0, kOwners));
    Weights weights;
    for (int shard = 1; shard < kOwners; ++shard)
      if (const auto weight = *rc::gen::inRange<std::uint32_t>(0, 6); weight > 0) weights[ShardId{shard}] = weight;
    if (weights.empty()) weights[ShardId{1}] = 1;
    compare_moves(layout, weights, kOwners);
    RC_ASSERT(!testing::Test::HasFatalFailure());
  }));
}

// Shards that each choose one of some members; a member is known by its worker.
struct Seating {
  std::vector<std::vector<int>> candidates;  // of each shard: the workers on which its members run
  std::vector<int> others;                   // primaries of other clusters on each worker

  model::Snapshot snapshot() const {
    model::Snapshot snapshot;
    for (std::size_t worker = 0; worker < others.size(); ++worker) {
      snapshot.workers.push_back({.name = name(static_cast<int>(worker))});
      snapshot.primaries_elsewhere[name(static_cast<int>(worker))] = others[worker];
    }
    for (const auto& workers : candidates)
      for (const int worker : workers) {
        model::PodInfo info;
        info.pod.name = PodName("pod-" + std::to_string(100 + snapshot.pods.size()));
        info.pod.worker = name(worker);
        snapshot.pods.push_back(std::move(info));
      }
    return snapshot;
  }
  std::vector<ShardChoice> choices() const {
    std::vector<ShardChoice> choices;
    std::size_t index = 0;
    for (const auto& workers : candidates) {
      choices.push_back({ShardId{static_cast<int>(choices.size())}, std::vector<std::size_t>(workers.size())});
      std::iota(choices.back().candidates.begin(), choices.back().candidates.end(), index);
      index += workers.size();
    }
    return choices;
  }
  static WorkerName name(int worker) { return WorkerName("w" + std::to_string(worker)); }
};

// The most crowded worker first.
std::vector<int> loads(const Seating& seating, const std::vector<int>& workers) {
  auto loads = seating.others;
  for (const int worker : workers) ++loads[static_cast<std::size_t>(worker)];
  std::ranges::sort(loads, std::greater<>());
  return loads;
}

// Tries every choice. The order of vectors is what "more even" means: fewer on the most crowded worker, then on the next.
std::vector<int> most_even(const Seating& seating, std::vector<int>& workers) {
  if (workers.size() == seating.candidates.size()) return loads(seating, workers);
  std::vector<int> best;
  for (const int worker : seating.candidates[workers.size()]) {
    workers.push_back(worker);
    const auto found = most_even(seating, workers);
    workers.pop_back();
    if (best.empty() || found < best) best = found;
  }
  return best;
}

std::vector<int> planned(const Seating& seating) {
  const auto snapshot = seating.snapshot();
  const model::History history;
  const World world(snapshot, history);
  std::vector<int> workers;
  for (const auto& [shard, index] : spread_primaries(world, seating.choices()))
    workers.push_back(std::stoi(world.members[index].info->pod.worker.value.substr(1)));
  return loads(seating, workers);
}

TEST(SmallWorlds, PrimariesSpreadAsEvenlyAsTheBestOfAllChoices) {
  EXPECT_TRUE(rc::check([] {
    Seating seating;
    const int workers = *rc::gen::inRange(1, 6);
    seating.others = *rc::gen::container<std::vector<int>>(static_cast<std::size_t>(workers), rc::gen::inRange(0, 4));
    const int shards = *rc::gen::inRange(1, 8);
    for (int shard = 0; shard < shards; ++shard) {
      const auto members = *rc::gen::inRange<std::size_t>(1, 4);
      seating.candidates.push_back(*rc::gen::container<std::vector<int>>(members, rc::gen::inRange(0, workers)));
    }
    RC_LOG() << "candidates " << rc::toString(seating.candidates) << ", others " << rc::toString(seating.others);
    std::vector<int> nobody_yet;
    RC_ASSERT(planned(seating) == most_even(seating, nobody_yet));
  }));
}

// Who has the fewest ways out chooses first, and that leaves 2, 1, 0. No single exchange helps; both together do.
TEST(SmallWorlds, AChainOfExchangesIsFound) {
  const Seating seating{{{1, 2}, {0}, {0, 1}}, {0, 0, 0}};
  EXPECT_EQ(planned(seating), (std::vector<int>{1, 1, 1}));
}

}  // namespace
}  // namespace shardkeeper::plan
