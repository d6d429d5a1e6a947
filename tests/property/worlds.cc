#include "tests/property/worlds.h"

#include <ostream>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

std::string other_primary(const ClusterBuilder& world, const std::string& pod) {
  for (const auto& node : world.nodes())
    if (node.pod != pod && node.member == 0) return node.pod;
  return pod;
}

void happen(ClusterBuilder& world, const std::string& pod, Trouble trouble) {
  BuiltNode& node = world.node(pod);
  switch (trouble) {
    case Trouble::kDead: world.dead(pod); break;
    case Trouble::kDeadWithoutRequest: world.dead_without_request(pod); break;
    case Trouble::kContainerEnded: world.container_ended(pod); break;
    case Trouble::kSilent: world.silent(pod, 30s); break;
    case Trouble::kUnheard: world.unheard(pod); break;
    case Trouble::kHung: world.hung(pod); break;
    case Trouble::kStarting: world.starting(pod); break;
    case Trouble::kPodGone: world.pod_gone(pod); break;
    case Trouble::kFirstStart: world.first_start(pod); break;
    case Trouble::kFresh: world.fresh(pod); break;
    case Trouble::kFirstSync: node.has_synced = false, node.sync_in_progress = true; break;
    case Trouble::kOtherHistory: node.history = "other"; break;
    case Trouble::kFailedFlag: world.failed(pod); break;
    case Trouble::kSuspected: world.suspected(pod); break;
    case Trouble::kNoAddress: world.noaddr(pod); break;
    case Trouble::kDeleting: node.is_deleting = true; break;
    case Trouble::kFenced: node.fenced = true; break;
    case Trouble::kIsland: node.island = 1; break;
    case Trouble::kViewUnknown: node.view_unknown = true; break;
    case Trouble::kPromoted:
      if (!node.is_primary && !node.follows.empty()) world.promoted(pod);
      break;
    case Trouble::kStaleOffset: node.offset = 10; break;
    case Trouble::kOpenSlot:
      if (!node.slots.empty())
        world.open_slot(pod, node.slots.ranges().front().first, OpenSlot::Direction::kMigrating, other_primary(world, pod));
      break;
    case Trouble::kMoveFailed:
      if (!node.slots.empty())
        world.migrating(pod, other_primary(world, pod), SlotSet::of(0, 99), MigrationProgress::Stage::kFailed, "m-0-0", "IOERR");
      break;
  }
}

}  // namespace

ClusterBuilder build(const RandomWorld& random) {
  ClusterBuilder world;
  world.shards(random.shards).replicas(random.replicas);
  for (const auto& [index, trouble] : random.troubles)
    happen(world, world.nodes()[static_cast<std::size_t>(index) % world.nodes().size()].pod, trouble);
  if (random.asked > 0) world.asked(random.asked);
  if (random.deaths_seen_long_ago) {
    std::uint64_t nonce = 0;
    for (const auto& node : std::vector(world.nodes()))
      if (node.is_primary) {
        world.death_seen(node.pod, 3s, ++nonce);
        if (random.forced) world.forced(node.pod, 2s);
      }
  }
  if (random.reported) world.reported();
  return world;
}

void showValue(const RandomWorld& world, std::ostream& out) {
  out << world.shards << " shards, " << world.asked << " asked, x " << world.replicas << " replicas"
      << (world.deaths_seen_long_ago ? ", deaths seen" : "") << (world.reported ? ", reported" : "") << (world.forced ? ", forced" : "");
  for (const auto& [index, trouble] : world.troubles) out << "; pod " << index << " trouble " << static_cast<int>(trouble);
}

}  // namespace shardkeeper::test

namespace rc {

Gen<shardkeeper::test::RandomWorld> Arbitrary<shardkeeper::test::RandomWorld>::arbitrary() {
  using shardkeeper::test::RandomWorld;
  using shardkeeper::test::Trouble;
  const auto trouble = gen::cast<Trouble>(gen::inRange(0, static_cast<int>(Trouble::kMoveFailed) + 1));
  return gen::build<RandomWorld>(
      gen::set(&RandomWorld::shards, gen::element(1, 3, 3, 4, 5)), gen::set(&RandomWorld::replicas, gen::inRange(0, 3)),
      gen::set(&RandomWorld::asked, gen::element(0, 0, 1, 3, 4, 6)),
      gen::set(&RandomWorld::troubles,
               gen::resize(6, gen::container<std::vector<std::pair<int, Trouble>>>(gen::pair(gen::inRange(0, 15), trouble)))),
      gen::set(&RandomWorld::deaths_seen_long_ago), gen::set(&RandomWorld::reported), gen::set(&RandomWorld::forced));
}

}  // namespace rc
