// What must hold for every world that the planner can meet. RapidCheck shrinks a failing world and prints how to replay it.
#include "coordinator/plan/decide.h"
#include "tests/property/perfect_actor.h"
#include "tests/property/worlds.h"
#include "tests/unit/plan/brief.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

namespace shardkeeper::test {
namespace {

using model::Reason;

constexpr int kPassesMax = 160;
constexpr int kQuietPasses = 15;  // of 0.6 s: longer than any wait inside a rule but those after many failures

const model::PodInfo* find(const model::Snapshot& snapshot, const PodName& pod) {
  const auto it = std::ranges::find(snapshot.pods, pod, [](const model::PodInfo& info) { return info.pod.name; });
  return it == snapshot.pods.end() ? nullptr : &*it;
}

bool is_silent(const model::PodInfo& info, TimePoint now) { return !info.state || now - info.heard_at > std::chrono::seconds(5); }

bool is_up(const model::PodInfo& info, TimePoint now) {
  const bool ended = std::ranges::any_of(info.pod.containers, [](const auto& c) { return c.terminated_id == c.id; });
  return !ended && !is_silent(info, now) && info.state->condition == ServerCondition::kUp;
}

// Known dead by architecture §6, told anew from the snapshot alone.
bool is_known_dead(const model::Snapshot& snapshot, const model::History& history, const NodeId& id) {
  for (const auto& info : snapshot.pods) {
    if (!info.state) continue;
    const auto& state = *info.state;
    const NodeId* ran = state.last_life ? &state.last_life->node_id : state.node_id ? &*state.node_id : nullptr;
    if (ran == nullptr || *ran != id) continue;
    if (state.gate.is_known_dead()) return true;
    return std::ranges::any_of(info.pod.containers, [](const auto& c) { return !c.running && c.terminated_id == c.id; });
  }
  return history.seen_dead.contains(id);
}

void check_promotion(const model::Snapshot& snapshot, const model::History& history, const model::Promote& promote) {
  const plan::World world(snapshot, history);
  const auto* heir = find(snapshot, promote.replica);
  RC_ASSERT(heir != nullptr && is_up(*heir, snapshot.now));
  RC_ASSERT(heir->state->role == Role::kReplica);
  RC_ASSERT(heir->state->primary_id == promote.old_primary);
  RC_ASSERT(heir->state->replication.has_synced && !heir->state->replication.sync_in_progress);
  const auto succession = history.successions.find(promote.old_primary);
  RC_ASSERT(succession != history.successions.end() && heir->state->nonce >= succession->second.nonce);

  std::size_t voters = 0;
  std::size_t up = 0;
  std::size_t hidden = 0;
  for (const auto* row : world.voters()) {
    ++voters;
    const auto runs = std::ranges::find_if(snapshot.pods, [&](const model::PodInfo& info) {
      return info.state && info.state->node_id == row->id && is_up(info, snapshot.now);
    });
    if (runs != snapshot.pods.end())
      ++up;
    else if (!is_known_dead(snapshot, history, row->id))
      ++hidden;
  }
  const std::size_t majority = voters / 2 + 1;
  if (promote.mode == command::FailoverMode::kForce) {
    RC_ASSERT(is_known_dead(snapshot, history, promote.old_primary));
    RC_ASSERT(voters >= 3U && up >= majority);
    RC_ASSERT(!succession->second.forced_at);
    return;
  }
  RC_ASSERT(promote.mode == command::FailoverMode::kTakeover);
  RC_ASSERT(hidden < majority);
  if (is_known_dead(snapshot, history, promote.old_primary)) return;
  for (const auto& member : world.members) {
    if (!member.is_up() || member.view == nullptr) continue;
    const auto* row = member.view->find(promote.old_primary);
    RC_ASSERT(row != nullptr && row->is_failed);
  }
}

void check_slots(const model::Snapshot& snapshot, const std::vector<model::Step>& steps) {
  SlotSet taken;
  for (const auto& info : snapshot.pods)
    if (is_up(info, snapshot.now)) taken = taken.united(info.state->slots);
  for (const auto& step : steps) {
    const auto* order = std::get_if<model::Order>(&step.action);
    const auto* add = order != nullptr ? std::get_if<command::AddSlots>(&order->command) : nullptr;
    if (add == nullptr) continue;
    RC_ASSERT(!taken.overlaps(add->slots));
    taken = taken.united(add->slots);
    for (const auto& info : snapshot.pods)
      RC_ASSERT(!info.state || info.state->slots.empty() || info.state->condition == ServerCondition::kDown ||
                !info.state->slots.overlaps(add->slots) || is_known_dead(snapshot, {}, *info.state->node_id));
  }
}

// Who gives slots deletes its keys: who takes them has all its replicas, in sync. (A job that finishes a half-open slot has no choice.)
void check_takers(const model::Snapshot& snapshot, const std::vector<model::Step>& steps) {
  for (const auto& step : steps) {
    const auto* order = std::get_if<model::Order>(&step.action);
    const auto* start = order != nullptr ? std::get_if<command::StartMigration>(&order->command) : nullptr;
    if (start == nullptr || step.why != Reason::kRebalance) continue;
    const auto in_sync = std::ranges::count_if(snapshot.pods, [&](const model::PodInfo& info) {
      return is_up(info, snapshot.now) && info.state->role == Role::kReplica && info.state->primary_id == start->job.target_node &&
             info.state->replication.has_synced && info.state->replication.link_up;
    });
    RC_ASSERT(in_sync >= snapshot.cluster.spec.replicas_per_shard);
  }
}

void check_grants_and_removals(const model::Snapshot& snapshot, const model::History& history, const std::vector<model::Step>& steps) {
  const plan::World world(snapshot, history);
  for (const auto& step : steps) {
    if (const auto* order = std::get_if<model::Order>(&step.action);
        order != nullptr && std::holds_alternative<command::GrantStart>(order->command)) {
      const auto* info = find(snapshot, order->pod);
      RC_ASSERT(info->state->gate.is_waiting());
      if (step.why == Reason::kShardLost) {
        for (const auto& member : world.members) RC_ASSERT(member.shard != info->pod.shard() || member.presence == plan::Presence::kDead);
        continue;
      }
      RC_ASSERT(world.views_known);
      for (const auto& member : world.members) {
        RC_ASSERT(!info->state->last_life || !member.id || member.state->role != Role::kReplica ||
                  member.state->primary_id != info->state->last_life->node_id);
        if (member.view == nullptr || !info->state->last_life) continue;
        const auto* row = member.view->find(info->state->last_life->node_id);
        RC_ASSERT(row == nullptr || row->slots.empty());
      }
    }
    const auto* remove = std::get_if<model::RemovePod>(&step.action);
    const auto* evict = std::get_if<model::EvictPod>(&step.action);
    if (remove == nullptr && evict == nullptr) continue;
    const auto* info = find(snapshot, remove != nullptr ? remove->pod : evict->pod);
    RC_ASSERT(!is_up(*info, snapshot.now));
    if (info->state && info->state->condition == ServerCondition::kHung && !is_silent(*info, snapshot.now)) {
      // Somebody else must have its data: a serving primary of its shard, or a synced replica of it.
      const bool served = std::ranges::any_of(world.members, [&](const plan::Member& m) {
        return m.is_up() && m.shard == info->pod.shard() &&
               (m.owns_slots() || (m.is_replica() && m.state->primary_id == info->state->node_id && m.state->replication.has_synced));
      });
      const bool empty = info->state->role == Role::kPrimary && info->state->slots.empty() && info->state->keys == 0;
      RC_ASSERT(served || empty);
    }
  }
}

TEST(PlannerProperties, NothingUnsafeIsEverPlanned) {
  EXPECT_TRUE(rc::check([](const RandomWorld& random) {
    const auto world = build(random);
    const auto snapshot = world.snapshot();
    const auto outcome = plan::decide(snapshot, world.history());
    int takeovers = 0;
    for (const auto& step : outcome.decision.steps)
      if (const auto* promote = std::get_if<model::Promote>(&step.action)) {
        check_promotion(snapshot, world.history(), *promote);
        takeovers += promote->mode == command::FailoverMode::kTakeover ? 1 : 0;
      }
    RC_ASSERT(takeovers <= 1);
    check_slots(snapshot, outcome.decision.steps);
    check_takers(snapshot, outcome.decision.steps);
    check_grants_and_removals(snapshot, world.history(), outcome.decision.steps);
    RC_ASSERT(!outcome.decision.look_again_at || *outcome.decision.look_again_at > snapshot.now);
  }));
}

TEST(PlannerProperties, AnUnknownViewStopsEverythingDisruptive) {
  EXPECT_TRUE(rc::check([](RandomWorld random, int pod) {
    random.troubles.emplace_back(std::abs(pod % 100), Trouble::kIsland);
    random.troubles.emplace_back(std::abs(pod % 100), Trouble::kViewUnknown);
    const auto world = build(random);
    const auto snapshot = world.snapshot();
    const bool unknown = std::ranges::any_of(snapshot.pods, [&](const model::PodInfo& info) {
      return is_up(info, snapshot.now) && !snapshot.views.contains(info.state->view_hash);
    });
    RC_PRE(unknown);
    for (const auto& step : plan::decide(snapshot, world.history()).decision.steps)
      if (const auto* order = std::get_if<model::Order>(&step.action)) {
        RC_ASSERT(!std::holds_alternative<command::AddSlots>(order->command) && !std::holds_alternative<command::Forget>(order->command));
        RC_ASSERT(!std::holds_alternative<command::GrantStart>(order->command) || step.why == Reason::kShardLost);
      }
  }));
}

TEST(PlannerProperties, EqualInputGivesEqualOutputWhateverItsOrderAndAddresses) {
  EXPECT_TRUE(rc::check([](const RandomWorld& random, unsigned seed) {
    const auto world = build(random);
    const auto snapshot = world.snapshot();
    auto other = snapshot;
    std::mt19937 chance(seed);
    // Copies at other addresses, made in another order.
    std::ranges::shuffle(other.pods, chance);
    for (auto& info : other.pods)
      if (info.state) info.state = std::make_shared<const NodeState>(*info.state);
    for (auto& [hash, view] : other.views) view = std::make_shared<const TopologyView>(*view);
    std::ranges::sort(other.pods, {}, [](const model::PodInfo& info) { return info.pod.name; });
    std::ranges::shuffle(other.in_flight, chance);
    const auto a = plan::decide(snapshot, world.history());
    const auto b = plan::decide(other, world.history());
    RC_ASSERT(a.decision.steps == b.decision.steps);
    RC_ASSERT(a.decision.findings == b.decision.findings);
    RC_ASSERT(a.history == b.history);
  }));
}

bool is_work(const model::Step& step) {
  return !std::holds_alternative<model::LabelPod>(step.action) && !std::holds_alternative<model::SetPodCondition>(step.action);
}

TEST(PlannerProperties, APerfectActorComesToRestAndStaysThere) {
  EXPECT_TRUE(rc::check([](const RandomWorld& random) {
    auto world = build(random);
    auto history = world.history();
    std::string last;
    int quiet = 0;
    for (int pass = 0; pass < kPassesMax && quiet < kQuietPasses; ++pass) {
      auto outcome = plan::decide(world.snapshot(), history);
      history = std::move(outcome.history);
      std::erase_if(outcome.decision.steps, [](const model::Step& step) { return !is_work(step); });
      quiet = outcome.decision.steps.empty() ? quiet + 1 : 0;
      last = brief(outcome.decision.steps, outcome.decision.findings);
      carry_out(world, outcome.decision.steps);
    }
    RC_LOG() << "last pass: " << last;
    RC_ASSERT(quiet >= kQuietPasses);
  }));
}

// Passes until nothing was left to do for a while, or `passes_max`. RETURNS whether it came to rest.
bool settle(ClusterBuilder& world, model::History& history, int passes_max) {
  int quiet = 0;
  for (int pass = 0; pass < passes_max && quiet < kQuietPasses; ++pass) {
    auto outcome = plan::decide(world.snapshot(), history);
    history = std::move(outcome.history);
    std::erase_if(outcome.decision.steps, [](const model::Step& step) { return !is_work(step); });
    quiet = outcome.decision.steps.empty() ? quiet + 1 : 0;
    carry_out(world, outcome.decision.steps);
  }
  return quiet >= kQuietPasses;
}

// Each shard asked for owns its share, and of the others nothing is left.
void check_shares(const ClusterBuilder& world, int asked) {
  std::map<int, int> owned;
  SlotSet all;
  for (const auto& node : world.nodes()) {
    if (!node.pod_exists) continue;
    RC_ASSERT(node.shard < asked);
    if (!node.is_primary || node.life != BuiltNode::Life::kUp) continue;
    RC_ASSERT(!all.overlaps(node.slots));
    all = all.united(node.slots);
    owned[node.shard] += node.slots.count();
  }
  RC_ASSERT(all == SlotSet::all());
  RC_ASSERT(static_cast<int>(owned.size()) == asked);
  for (const auto& [shard, slots] : owned)
    RC_ASSERT((slots == kSlotCount / asked || slots == kSlotCount / asked + (kSlotCount % asked ? 1 : 0)));
}

// Asked for other numbers of shards again and again, each time before the last wish is fulfilled, with slots that somebody left half open,
// and with coordinators that remember nothing: the last wish is what it ends with.
TEST(PlannerProperties, EveryShardEndsWithItsShareWhateverWasAskedForBefore) {
  EXPECT_TRUE(rc::check([] {
    auto world = ClusterBuilder().shards(*rc::gen::element(1, 3, 4, 5)).replicas(*rc::gen::inRange(0, 3));
    model::History history;
    int asked = world.spec().shards;
    const int changes = *rc::gen::inRange(1, 4);
    for (int change = 0; change < changes; ++change) {
      asked = *rc::gen::element(1, 3, 4, 6, 7);
      world.asked(asked);
      settle(world, history, *rc::gen::inRange(0, 25));
      if (*rc::gen::inRange(0, 3) == 0) history = {};
      if (*rc::gen::inRange(0, 3) != 0) continue;
      for (const auto& node : std::vector(world.nodes())) {
        if (node.slots.empty() || node.life != BuiltNode::Life::kUp) continue;
        const auto other = std::ranges::find_if(world.nodes(), [&](const BuiltNode& n) {
          return n.pod != node.pod && n.is_primary && n.pod_exists && n.life == BuiltNode::Life::kUp && n.in_cluster;
        });
        if (other != world.nodes().end())
          world.open_slot(node.pod, node.slots.ranges().front().first, OpenSlot::Direction::kMigrating, std::string(other->pod));
      }
    }
    RC_LOG() << changes << " changes, at last " << asked << " shards are asked for";
    RC_ASSERT(settle(world, history, 300));
    const auto last = plan::decide(world.snapshot(), history);
    RC_LOG() << brief(last.decision.steps, last.decision.findings);
    check_shares(world, asked);
  }));
}

}  // namespace
}  // namespace shardkeeper::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  // 2,750 cases of each of four properties; RC_PARAMS overrides, and replays what a failure prints. Under the address sanitizer, which takes ten
  // times as long, a tenth of them passes through the same code.
#ifdef __SANITIZE_ADDRESS__
  setenv("RC_PARAMS", "max_success=275 max_discard_ratio=50", 0);
#else
  setenv("RC_PARAMS", "max_success=2750 max_discard_ratio=50", 0);
#endif
  return RUN_ALL_TESTS();
}
