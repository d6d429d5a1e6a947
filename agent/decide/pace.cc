#include "agent/decide/pace.h"

#include <algorithm>

namespace shardkeeper::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Depth full_when_older(const PaceInput& input, Duration age) { return input.since_full >= age ? Depth::kFull : Depth::kLight; }

Duration not_too_often(const PaceInput& input, Duration wanted) {
  const Duration by_nodes = milliseconds(std::min(2 * input.nodes, 500));
  const Duration by_load = std::min<Duration>(8 * input.round_time, milliseconds(100));
  return std::max({wanted, by_nodes, by_load});
}

Pace wanted_pace(const PaceInput& input) {
  if (input.since_failover && *input.since_failover < seconds(1)) return {milliseconds(10), Depth::kFull};
  if (!input.is_settled && input.since_change < seconds(2)) {
    const auto full_age = milliseconds(std::clamp(4 * input.nodes, 30, 1000));
    return {not_too_often(input, milliseconds(10)), full_when_older(input, full_age)};
  }
  if (!input.is_settled) {
    const auto calm = milliseconds(input.since_change < seconds(10) ? 50 : 200);
    return {not_too_often(input, calm), full_when_older(input, milliseconds(100))};
  }
  if (input.since_change < seconds(3)) return {milliseconds(100), Depth::kFull};
  return {seconds(1), full_when_older(input, seconds(5))};
}

}  // namespace

Pace decide_pace(const PaceInput& input) {
  Pace pace = wanted_pace(input);
  pace.interval = std::max(pace.interval, 20 * input.round_cost);
  return pace;
}

}  // namespace shardkeeper::agent
