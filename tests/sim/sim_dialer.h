// The coordinator's streams and calls to simulated agents, with delays and losses by chance.
#pragma once

#include "common/rpc/agent_api.h"
#include "tests/sim/sim_platform.h"
#include "tests/sim/sim_scheduler.h"

#include <functional>
#include <memory>
#include <random>
#include <string>

namespace shardkeeper::sim {

struct SimNetwork {
  Duration delay_min = std::chrono::microseconds(300);
  Duration delay_max = std::chrono::milliseconds(2);
  int lost_percent = 0;         // of calls: half of them before the agent hears, half on the way back
  int streams_cut_percent = 0;  // of messages: ends the stream
};

class SimDialer final : public rpc::AgentDialer {
 public:
  SimDialer(SimScheduler& scheduler, SimPlatform& platform, std::uint64_t seed)
      : scheduler_(scheduler), platform_(platform), random_(seed) {}

  std::unique_ptr<rpc::AgentLink> dial(const ClusterName& cluster, const PodName& pod, const std::string& address, FenceToken token,
                                       std::chrono::milliseconds node_timeout, rpc::AgentEvents events) override;

  SimNetwork network;
  std::function<void(const std::string&)> violated = [](const std::string&) {};  // an agent obeyed an older token

  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
  Duration delay() {
    return network.delay_min +
           Duration(static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>((network.delay_max - network.delay_min).count() + 1)));
  }
  SimScheduler& scheduler() { return scheduler_; }
  SimPlatform& platform() { return platform_; }
  std::uint64_t next_stream() { return ++streams_; }

 private:
  SimScheduler& scheduler_;
  SimPlatform& platform_;
  std::mt19937_64 random_;
  std::uint64_t streams_ = 0;
};

}  // namespace shardkeeper::sim
