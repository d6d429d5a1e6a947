#include "coordinator/plan/placement/primaries.h"

#include <algorithm>
#include <deque>

namespace shardkeeper::plan {
namespace {

// Who is chosen, and how many primaries each worker has with them.
class Spread {
 public:
  Spread(const World& world, const std::vector<ShardChoice>& choices)
      : world_(world), choices_(choices), load_(primaries_per_worker(world)) {}

  // Those with the fewest ways out choose first, the least crowded worker each.
  void choose() {
    std::vector<const ShardChoice*> order;
    for (const auto& choice : choices_) order.push_back(&choice);
    std::ranges::stable_sort(order, {}, [](const ShardChoice* c) { return c->candidates.size(); });
    for (const auto* choice : order) {
      const auto best = *std::ranges::min_element(choice->candidates, {}, [&](std::size_t i) { return load_[worker_of(i)]; });
      chosen_[choice->shard] = best;
      ++load_[worker_of(best)];
    }
  }

  // RETURNS false when nothing can be made more even: no chain leads from a worker to one with at least two fewer. Each one that is found lowers
  // the sum of squares, so they end.
  bool improve() {
    int least = load_.begin()->second;
    for (const auto& [worker, count] : load_) least = std::min(least, count);
    return std::ranges::any_of(load_, [&](const auto& entry) { return entry.second >= least + 2 && relieve(entry.first); });
  }

  const std::map<ShardId, std::size_t>& chosen() const { return chosen_; }

 private:
  // How a worker was come to: a candidate of this choice runs there, and the one that is chosen runs on the worker before.
  struct Hop {
    WorkerName from;
    const ShardChoice* choice = nullptr;
    std::size_t candidate = 0;
  };

  const WorkerName& worker_of(std::size_t index) const { return world_.members[index].info->pod.worker; }

  // A chain: a primary of the first worker goes to a second one, one of the second to a third, and so on. Only the first has one fewer then, and
  // only the last one more. Looks for the shortest, breadth first.
  bool relieve(const WorkerName& crowded) {
    std::map<WorkerName, Hop> reached{{crowded, {}}};
    std::deque<WorkerName> next{crowded};
    for (; !next.empty(); next.pop_front()) {
      for (const auto& choice : choices_) {
        if (worker_of(chosen_.at(choice.shard)) != next.front()) continue;
        for (const auto candidate : choice.candidates) {
          const WorkerName& to = worker_of(candidate);
          if (!reached.try_emplace(to, Hop{next.front(), &choice, candidate}).second) continue;
          if (load_[to] + 2 <= load_[crowded]) return carry_out(reached, crowded, to);
          next.push_back(to);
        }
      }
    }
    return false;
  }

  bool carry_out(const std::map<WorkerName, Hop>& reached, const WorkerName& first, const WorkerName& last) {
    --load_[first];
    ++load_[last];
    for (WorkerName at = last; at != first;) {
      const Hop& hop = reached.at(at);
      chosen_[hop.choice->shard] = hop.candidate;
      at = hop.from;
    }
    return true;
  }

  const World& world_;
  const std::vector<ShardChoice>& choices_;
  std::map<WorkerName, int> load_;
  std::map<ShardId, std::size_t> chosen_;
};

}  // namespace

std::map<WorkerName, int> primaries_per_worker(const World& world) {
  std::map<WorkerName, int> count = world.snapshot().primaries_elsewhere;
  for (const auto& worker : world.snapshot().workers) count.try_emplace(worker.name, 0);
  for (const auto& member : world.members)
    if (member.owns_slots()) ++count[member.info->pod.worker];
  return count;
}

std::map<ShardId, std::size_t> spread_primaries(const World& world, const std::vector<ShardChoice>& choices) {
  if (choices.empty()) return {};
  Spread spread(world, choices);
  spread.choose();
  while (spread.improve()) {}
  return spread.chosen();
}

}  // namespace shardkeeper::plan
