// Shows what happened as Events of the ValkeyCluster: for kubectl describe and kubectl get events.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/model/spec.h"
#include "coordinator/platform/kube/client/api.h"
#include "coordinator/reconcile/events.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace shardkeeper::coordinator {

// Pure. `name` differs for every event but for its repeats.
boost::json::object kube_event(const reconcile::Event& event, const model::ClusterObject& cluster, const std::string& name,
                               const std::string& instance);

// Best effort: an event that cannot be written is dropped, since the coordinator's own list has it. Repeats count up in the same object; of
// a flood at most kPerMinute are written.
// THREAD the loop's. REQUIRES api and scheduler outlive it.
class EventWriter {
 public:
  static constexpr int kPerMinute = 300;

  EventWriter(platform::kube::Api& api, Scheduler& scheduler, std::string instance)
      : api_(api), scheduler_(scheduler), instance_(std::move(instance)) {}

  void write(const reconcile::Event& event, const model::ClusterObject& cluster);

 private:
  bool may_write();

  platform::kube::Api& api_;
  Scheduler& scheduler_;
  const std::string instance_;
  std::map<std::string, std::string> names_;  // by what is said, of those that may repeat
  std::uint64_t written_ = 0;
  TimePoint minute_;
  int in_minute_ = 0;
};

}  // namespace shardkeeper::coordinator
