#include "agent/decide/pace.h"

#include <algorithm>

namespace shardkeeper::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Depth full_when_older(const PaceInput& input, Duration age) { return input.since_full >= age ? Depth::kFull : Depth::kLight; }

Pace wanted_pace(const PaceInput& input) {
  if (input.since_failover && *input.since_failover < seconds(1)) return {milliseconds(10), Depth::kFull};
  if (!input.is_settled && input.since_change < seconds(2)) {
    const auto full_age = milliseconds(std::max(30, 2 * input.nodes));
    return {milliseconds(std::max(10, input.nodes)), full_when_older(input, full_age)};
  }
  if (!input.is_settled) {
    const int calm_ms = input.since_change < seconds(10) ? 50 : 200;
    return {milliseconds(std::max(calm_ms, input.nodes)), full_when_older(input, milliseconds(100))};
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
