// What must hold of slot moves for any owners and any shards that shall own slots.
#include "coordinator/plan/slots/jobs.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace shardkeeper::plan {
namespace {

struct Layout {
  Owners owners;
  Weights weights;
};

std::string told(const Layout& layout) {
  std::string text;
  for (const auto& [shard, slots] : layout.owners) text += "shard " + to_string(shard) + " owns " + to_string(slots) + "; ";
  for (const auto& [shard, weight] : layout.weights) text += "shard " + to_string(shard) + " weighs " + std::to_string(weight) + "; ";
  return text;
}

// A few cuts, each piece with any owner or none: scattered, empty and full shards all occur.
enum class Sharing { kEqual, kByWeight };

Layout any_layout(Sharing sharing) {
  Layout layout;
  const int shards = *rc::gen::inRange(1, 12);
  auto cuts = *rc::gen::resize(40, rc::gen::container<std::vector<int>>(rc::gen::inRange(1, kSlotCount)));
  cuts.push_back(0);
  cuts.push_back(kSlotCount);
  std::ranges::sort(cuts);
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    if (cuts[i] == cuts[i + 1]) continue;
    const int owner = *rc::gen::inRange(-1, shards);
    if (owner >= 0) layout.owners[ShardId{owner}].add({cuts[i], cuts[i + 1] - 1});
  }
  const int wanted = *rc::gen::inRange(1, 12);
  for (int shard = 0; shard < wanted; ++shard)
    layout.weights[ShardId{*rc::gen::inRange(0, 14)}] = sharing == Sharing::kEqual ? 1 : *rc::gen::inRange<std::uint32_t>(1, 9);
  RC_LOG() << told(layout);
  return layout;
}

void give(Owners& owners, const Move& move, const SlotSet& part) {
  if (move.from) owners[*move.from] = owners[*move.from].without(part);
  owners[move.to] = owners[move.to].united(part);
}

Owners after(Owners owners, const std::vector<Move>& moves) {
  for (const auto& move : moves) give(owners, move, move.slots);
  std::erase_if(owners, [](const auto& entry) { return entry.second.empty(); });
  return owners;
}

int count_of(const Owners& owners, ShardId shard) {
  const auto it = owners.find(shard);
  return it == owners.end() ? 0 : it->second.count();
}

TEST(MovesProperties, TheEndIsCompleteBalancedAndWithoutOverlap) {
  EXPECT_TRUE(rc::check([] {
    const auto layout = any_layout(Sharing::kEqual);
    const auto moves = plan_moves(layout.owners, layout.weights);
    SlotSet moved;
    for (const auto& move : moves) {
      RC_ASSERT((!move.slots.empty() && !moved.overlaps(move.slots) && move.from != move.to));
      moved = moved.united(move.slots);
      // It gives what it owns, to somebody who shall own slots.
      RC_ASSERT((!move.from || move.slots.without(layout.owners.at(*move.from)).empty()));
      RC_ASSERT(layout.weights.contains(move.to));
      for (const auto& [shard, slots] : layout.owners) RC_ASSERT((move.from || !slots.overlaps(move.slots)));
    }
    const auto end = after(layout.owners, moves);
    int all = 0;
    int most = 0;
    int least = kSlotCount;
    for (const auto& [shard, slots] : end) all += slots.count();
    for (const auto& [shard, weight] : layout.weights) {
      most = std::max(most, count_of(end, shard));
      least = std::min(least, count_of(end, shard));
    }
    RC_ASSERT((all == kSlotCount && most - least <= 1));
  }));
}

TEST(MovesProperties, NoBalancedEndIsReachedWithFewerMoves) {
  EXPECT_TRUE(rc::check([] {
    const auto layout = any_layout(Sharing::kEqual);
    int moved = 0;
    for (const auto& move : plan_moves(layout.owners, layout.weights)) moved += move.from ? move.slots.count() : 0;
    // Whatever the end is, a shard gives at least what it owns above the larger share, a leaving one everything, and only as many shards
    // keep the larger share as there are odd slots.
    const int shards = static_cast<int>(layout.weights.size());
    const int share = kSlotCount / shards;
    int least = 0;
    int above = 0;
    for (const auto& [shard, slots] : layout.owners) {
      const bool stays = layout.weights.contains(shard);
      least += std::max(slots.count() - (stays ? share : 0), 0);
      above += stays && slots.count() > share ? 1 : 0;
    }
    RC_ASSERT(moved == least - std::min(above, kSlotCount % shards));
  }));
}

TEST(MovesProperties, SharesByWeightAreExactToOneSlot) {
  EXPECT_TRUE(rc::check([] {
    const auto layout = any_layout(Sharing::kByWeight);
    std::uint64_t total = 0;
    for (const auto& [shard, weight] : layout.weights) total += weight;
    const auto end = after(layout.owners, plan_moves(layout.owners, layout.weights));
    for (const auto& [shard, weight] : layout.weights) {
      const auto owned = static_cast<std::uint64_t>(count_of(end, shard));
      const std::uint64_t exact = kSlotCount * std::uint64_t{weight};
      RC_ASSERT((owned == exact / total || (owned == exact / total + 1 && exact % total != 0)));
    }
  }));
}

// Any part of each move is done, in slots that nobody chose: what is planned then is exactly the rest.
TEST(MovesProperties, AnInterruptedPlanIsFinishedByAFreshOne) {
  EXPECT_TRUE(rc::check([] {
    const auto layout = any_layout(*rc::gen::element(Sharing::kEqual, Sharing::kByWeight));
    const auto moves = plan_moves(layout.owners, layout.weights);
    auto owners = layout.owners;
    std::vector<Move> rest;
    for (const auto& move : moves) {
      const int from = *rc::gen::inRange(0, kSlotCount);
      const SlotSet part = move.slots.common_with(SlotSet::of(from, *rc::gen::inRange(from, kSlotCount)));
      give(owners, move, part);
      if (const SlotSet left = move.slots.without(part); !left.empty()) rest.push_back({move.from, move.to, left});
    }
    RC_ASSERT(plan_moves(owners, layout.weights) == rest);
    RC_ASSERT(after(owners, rest) == after(layout.owners, moves));
  }));
}

TEST(MovesProperties, JobsAreDisjointPartsOfMovesAndEmptyThemInTheEnd) {
  EXPECT_TRUE(rc::check([] {
    const auto layout = any_layout(Sharing::kEqual);
    auto owners = layout.owners;
    MoveEnds ends;
    for (int shard = 0; shard < 14; ++shard) {
      const int slots = count_of(owners, ShardId{shard});
      ends[ShardId{shard}] = {slots, static_cast<std::uint64_t>(*rc::gen::inRange(0, 100'000)), 100'000'000, 0};
    }
    const JobLimits limits{*rc::gen::inRange(1, 6), static_cast<std::uint64_t>(*rc::gen::inRange(1000, 50'000))};
    int rounds = 0;
    for (; rounds < 3000; ++rounds) {
      const auto moves = plan_moves(owners, layout.weights);
      const auto jobs = next_jobs(moves, ends, {}, limits);
      RC_ASSERT(static_cast<int>(jobs.size()) <= limits.parallel_max);
      if (jobs.empty()) break;
      std::set<ShardId> givers;
      std::set<ShardId> takers;
      for (const auto& job : jobs) {
        RC_ASSERT((givers.insert(job.from).second && takers.insert(job.to).second && !job.slots.empty()));
        RC_ASSERT((job.slots.count() == 1 || job.load.keys <= limits.keys_max));
        const auto whole = std::ranges::find_if(moves, [&](const Move& m) { return m.from == job.from && m.to == job.to; });
        RC_ASSERT((whole != moves.end() && job.slots.without(whole->slots).empty()));
        give(owners, *whole, job.slots);
        auto& from = ends[job.from];
        from.keys -= std::min(from.keys, job.load.keys);
        from.slots -= job.slots.count();
      }
    }
    RC_ASSERT(rounds < 3000);
    for (const auto& move : plan_moves(owners, layout.weights)) RC_ASSERT(!move.from);
  }));
}

}  // namespace
}  // namespace shardkeeper::plan
