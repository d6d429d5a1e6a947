#include "coordinator/plan/slots/jobs.h"

#include <algorithm>
#include <tuple>

namespace shardkeeper::plan {
namespace {

// What a server uses without any data; not part of what its slots weigh.
constexpr std::uint64_t kEmptyServerBytes = 2 << 20;

// Thousandths of its limit that a taker uses once its running jobs are done; without a limit only bytes can be compared.
std::uint64_t fill_of(const MoveEnd& end, const Running& running, ShardId shard) {
  const auto arriving = running.arriving.find(shard);
  const std::uint64_t bytes = end.bytes_used + (arriving == running.arriving.end() ? 0 : arriving->second.bytes);
  return end.bytes_max == 0 ? bytes / (1 << 20) : bytes / std::max<std::uint64_t>(end.bytes_max / 1000, 1);
}

int slots_of_job(const MoveEnd& from, const Move& move, std::uint64_t keys_max) {
  const int all = move.slots.count();
  if (from.keys == 0 || from.slots == 0) return all;
  const std::uint64_t fit = keys_max * static_cast<std::uint64_t>(from.slots) / from.keys;
  return static_cast<int>(std::clamp<std::uint64_t>(fit, 1, static_cast<std::uint64_t>(all)));
}

class Matching {
 public:
  Matching(const std::vector<Move>& moves, const MoveEnds& ends, const Running& running) : ends_(ends), running_(running) {
    for (const auto& move : moves)
      if (move.from && !move.slots.empty() && !running.givers.contains(*move.from) && !running.takers.contains(move.to))
        free_.push_back(&move);
  }

  bool empty() const { return free_.empty(); }

  // A pair of which one end has no other partner comes first: chosen later it might find its other end taken.
  const Move& pick() {
    std::map<ShardId, int> giver_choices;
    std::map<ShardId, int> taker_choices;
    for (const auto* move : free_) ++giver_choices[*move->from], ++taker_choices[move->to];
    const auto rank = [&](const Move* move) {
      return std::tuple(std::min(giver_choices[*move->from], taker_choices[move->to]), fill_of(ends_.at(move->to), running_, move->to),
                        -move->slots.count(), *move->from, move->to);
    };
    const Move* best = *std::ranges::min_element(free_, {}, rank);
    std::erase_if(free_, [&](const Move* move) { return move->from == best->from || move->to == best->to; });
    return *best;
  }

 private:
  const MoveEnds& ends_;
  const Running& running_;
  std::vector<const Move*> free_;
};

}  // namespace

Load estimate(const MoveEnd& from, int slots) {
  if (from.slots == 0) return {};
  return estimate_of_keys(from, static_cast<std::uint64_t>(static_cast<double>(from.keys) * slots / from.slots));
}

Load estimate_of_keys(const MoveEnd& from, std::uint64_t keys) {
  if (from.keys == 0) return {};
  const std::uint64_t data = from.bytes_used > kEmptyServerBytes ? from.bytes_used - kEmptyServerBytes : 0;
  return {keys, static_cast<std::uint64_t>(static_cast<double>(data) / static_cast<double>(from.keys) * static_cast<double>(keys))};
}

std::vector<PlannedJob> next_jobs(const std::vector<Move>& moves, const MoveEnds& ends, const Running& running, const JobLimits& limits) {
  std::vector<PlannedJob> jobs;
  int places = limits.parallel_max - static_cast<int>(running.givers.size());
  for (Matching matching(moves, ends, running); places > 0 && !matching.empty(); --places) {
    const Move& move = matching.pick();
    const MoveEnd& from = ends.at(*move.from);
    const int count = slots_of_job(from, move, limits.keys_max);
    jobs.push_back({*move.from, move.to, lowest(move.slots, count), estimate(from, count)});
  }
  return jobs;
}

std::vector<Shortfall> shortfalls(const std::vector<Move>& moves, const MoveEnds& ends, const Running& running) {
  std::map<ShardId, Load> planned;
  for (const auto& move : moves)
    if (move.from) planned[move.to] += estimate(ends.at(*move.from), move.slots.count());
  std::vector<Shortfall> result;
  for (const auto& [shard, load] : planned) {
    const MoveEnd& to = ends.at(shard);
    const auto arriving = running.arriving.find(shard);
    const std::uint64_t in_flight = arriving == running.arriving.end() ? 0 : arriving->second.bytes;
    // What weighs nothing needs no room.
    const bool fits = to.bytes_max == 0 || load.bytes == 0 || to.bytes_used + in_flight + load.bytes <= to.bytes_max / 100 * kFillPercent;
    if (!fits) result.push_back({shard, to.bytes_used, in_flight, load.bytes, to.bytes_max});
  }
  return result;
}

}  // namespace shardkeeper::plan
