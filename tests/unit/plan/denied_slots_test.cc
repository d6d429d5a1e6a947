// Slots that a primary was made to give up behind everybody's back (CLUSTER DELSLOTS) are given back to it, once it is sure that nobody has them.
#include "tests/unit/plan/brief.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

const SlotSet kDenied = SlotSet::of(7, 9);

model::PodInfo& info_of(model::Snapshot& snapshot, const std::string& pod) {
  return *std::ranges::find(snapshot.pods, PodName(pod), [](const model::PodInfo& info) { return info.pod.name; });
}

// What `pod` says of itself, and in which rows it believes, become what `how` makes of them; nobody else's word changes.
ClusterBuilder& speak(ClusterBuilder& world, const std::string& pod, const std::function<void(NodeState&, TopologyView&)>& how) {
  return world.edit([=](model::Snapshot& snapshot) {
    auto& info = info_of(snapshot, pod);
    auto state = *info.state;
    auto view = *snapshot.views.at(state.view_hash);
    how(state, view);
    state.view_hash = agreement_hash(view);
    snapshot.views[state.view_hash] = std::make_shared<const TopologyView>(view);
    info.state = std::make_shared<const NodeState>(state);
  });
}

NodeRow& row_of(TopologyView& view, const NodeId& id) { return *std::ranges::find(view.rows, id, &NodeRow::id); }

// vk-0-0 says that it does not own them; the others have not heard of it.
ClusterBuilder denies(const SlotSet& slots = kDenied) {
  auto world = a_cluster();
  return speak(world, "vk-0-0", [slots](NodeState& state, TopologyView& view) {
    state.slots = state.slots.without(slots);
    row_of(view, *state.node_id).slots = state.slots;
  });
}

ClusterBuilder since(Duration ago, ClusterBuilder world, const SlotSet& slots = kDenied) {
  return world.remember([&](model::History& history) { history.denied[PodName("vk-0-0")] = {slots, ClusterBuilder::kNow - ago}; });
}

ClusterBuilder owned_by_another() {
  auto world = denies();
  return speak(world, "vk-1-0", [](NodeState& state, TopologyView&) { state.slots = state.slots.united(kDenied); });
}

ClusterBuilder given_to_another_in_a_view() {
  auto world = denies();
  const auto other = world.id("vk-2-0");
  return speak(world, "vk-1-1", [other](NodeState&, TopologyView& view) { row_of(view, other).slots = SlotSet::of(9, 9); });
}

ClusterBuilder with_a_view_unknown() {
  return denies().edit([](model::Snapshot& snapshot) { snapshot.views.erase(info_of(snapshot, "vk-1-0").state->view_hash); });
}

class DeniedSlotsCheck : public testing::TestWithParam<CheckCase> {};
TEST_P(DeniedSlotsCheck, DecidesAsStated) { EXPECT_EQ(said(plan::check_denied_slots, GetParam().world), GetParam().expect); }

const CheckCase kCases[] = {
    {"a healthy cluster needs nothing", a_cluster(), ""},
    {"what is seen for the first time may only be news on its way", denies(), ""},
    {"a moment later too", since(1900ms, denies()), ""},
    {"after two seconds they are given back", since(2s, denies()), "order vk-0-0 add-slots slots=7-9 because=UnassignedSlots"},
    {"two seconds count for the same slots only", since(2s, denies(), SlotSet::of(7, 8)), ""},
    {"not while another primary says to own them", since(1min, owned_by_another()), ""},
    {"only those that nobody is given in any view", since(1min, given_to_another_in_a_view(), SlotSet::of(7, 8)),
     "order vk-0-0 add-slots slots=7-8 because=UnassignedSlots"},
    {"not while a view is unknown", since(1min, with_a_view_unknown()), ""},
    {"not while somebody was never heard and may own them", since(1min, denies().unheard("vk-2-1")), ""},
    {"a primary without any slot is another check's", since(1min, denies(SlotSet::of(0, 5460)), SlotSet::of(0, 5460)), ""},
};
INSTANTIATE_TEST_SUITE_P(DeniedSlots, DeniedSlotsCheck, testing::ValuesIn(kCases),
                         [](const auto& info) { return test_name(info.param.says); });

TEST(DeniedSlots, OfAShardThatIsClaimedWait) {
  EXPECT_EQ(said(plan::check_denied_slots, since(1min, denies()), {ShardId{0}}), "");
  EXPECT_NE(said(plan::check_denied_slots, since(1min, denies()), {ShardId{1}}), "");
}

TEST(DeniedSlots, AreRememberedFromTheFirstLookAndForgottenWhenOwned) {
  model::History history;
  auto world = denies();
  const auto first = run(plan::check_denied_slots, world, history);
  EXPECT_EQ(history.denied.at(PodName("vk-0-0")), (model::DeniedSlots{kDenied, ClusterBuilder::kNow}));
  EXPECT_EQ(first.look_again_at, ClusterBuilder::kNow + 2s);
  run(plan::check_denied_slots, world.pass_time(1s), history);
  EXPECT_EQ(history.denied.at(PodName("vk-0-0")).since, ClusterBuilder::kNow);
  run(plan::check_denied_slots, a_cluster(), history);
  EXPECT_TRUE(history.denied.empty());
}

}  // namespace
}  // namespace shardkeeper::test
