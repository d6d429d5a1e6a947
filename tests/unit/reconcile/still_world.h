// Pods on which nothing that is ordered has any effect, and their agents, for which a test speaks.
#pragma once

#include "common/rpc/agent_api.h"
#include "coordinator/platform/platform.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace shardkeeper::reconcile {

class StillPlatform final : public platform::Platform {
 public:
  StillPlatform(std::vector<model::Pod> pods, std::vector<model::Worker> workers) {
    view_.pods = std::move(pods);
    view_.workers = std::move(workers);
  }
  std::string name() const override { return "still"; }
  const platform::PlatformView& view() const override { return view_; }
  void on_change(std::function<void()>) override {}
  std::string agent_address(const model::Pod& pod) const override { return pod.ip + ":9780"; }
  void create(const model::ClusterObject&, const model::PodRequest&, Done) override {}
  void evict(const PodName&, const PodUid&, std::chrono::seconds, Done) override {}
  void remove(const PodName&, const PodUid&, std::chrono::seconds, Done) override {}
  void set_labels(const PodName&, const std::map<std::string, std::string>&, Done) override {}
  void set_condition(const PodName&, const std::string&, bool, const std::string&, Done) override {}

 private:
  platform::PlatformView view_;
};

class StillLink final : public rpc::AgentLink {
 public:
  void report_now(std::uint64_t) override {}
  void ask_for_view() override {}
  void set_peers(std::vector<rpc::Peer>) override {}
  void execute(FenceToken, const command::Command&, std::chrono::milliseconds, Done) override {}
};

class StillDialer final : public rpc::AgentDialer {
 public:
  std::unique_ptr<rpc::AgentLink> dial(const ClusterName&, const PodName& pod, const std::string&, FenceToken, std::chrono::milliseconds,
                                       rpc::AgentEvents events) override {
    agents[pod] = std::move(events);
    return std::make_unique<StillLink>();
  }
  std::map<PodName, rpc::AgentEvents> agents;
};

}  // namespace shardkeeper::reconcile
