#include "common/rpc/agent_api.h"

#include <algorithm>

namespace shardkeeper::rpc {

std::chrono::milliseconds beat_interval(std::chrono::milliseconds node_timeout) {
  // Two fifths: one beat and its answer may be lost, and the next be a fifth late, before anybody is called silent. Never 0, or a stream would do
  // nothing but beat.
  return std::clamp(node_timeout * 2 / 5, std::chrono::milliseconds(10), std::chrono::milliseconds(5000));
}

}  // namespace shardkeeper::rpc
