// Turns steps into calls. Starts them and returns; answers come back later.
#pragma once

#include "common/error/result.h"
#include "common/types/epoch.h"
#include "coordinator/model/spec.h"
#include "coordinator/model/step.h"
#include "coordinator/observe/agent_watch.h"
#include "coordinator/platform/platform.h"

#include <functional>
#include <random>

namespace shardkeeper::act {

// THREAD the loop's thread. REQUIRES platform and agents outlive it; callbacks of calls under way may come until they are gone.
class Executor {
 public:
  using Done = std::function<void(Result<void>)>;

  // `seed` feeds the names of new pods.
  Executor(platform::Platform& platform, observe::AgentWatch& agents, std::uint64_t seed)
      : platform_(platform), agents_(agents), random_(seed) {}

  // `done` never comes before this returns, unless nothing could be started at all.
  void start(const model::Step& step, const model::ClusterObject& cluster, FenceToken token, Done done);

 private:
  void create(const model::CreatePod& create, const model::ClusterObject& cluster, Done done);
  void order(const PodName& pod, const command::Command& command, FenceToken token, Done done);
  void promote(const model::Promote& promote, FenceToken token, Done done);
  PodName fresh_name(const ClusterName& cluster);

  platform::Platform& platform_;
  observe::AgentWatch& agents_;
  std::mt19937_64 random_;
};

}  // namespace shardkeeper::act
