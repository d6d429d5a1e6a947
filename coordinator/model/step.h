// What the coordinator may do, as data. A closed set: whoever handles steps must handle each.
#pragma once

#include "common/node/command.h"
#include "coordinator/model/finding.h"
#include "coordinator/model/pods.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

namespace shardkeeper::model {

// Makes a pod; the executor gives it a free name. Finished when the platform shows the pod.
struct CreatePod {
  PodRequest request;
  bool operator==(const CreatePod&) const = default;
};

// Asks the platform to let the pod go. Only for a pod whose server is known dead or was removed from the cluster.
struct EvictPod {
  PodName pod;
  PodUid uid;
  std::chrono::seconds grace{0};
  bool operator==(const EvictPod&) const = default;
};

// Deletes the pod without asking: a hung server whose slots are served elsewhere, or what a lost worker left.
struct RemovePod {
  PodName pod;
  PodUid uid;
  std::chrono::seconds grace{0};
  bool operator==(const RemovePod&) const = default;
};

struct LabelPod {
  PodName pod;
  std::map<std::string, std::string> labels;
  bool operator==(const LabelPod&) const = default;
};

struct SetPodCondition {
  PodName pod;
  std::string type;
  bool holds = false;
  bool operator==(const SetPodCondition&) const = default;
};

// An order to one agent. Finished when a later report shows its effect.
struct Order {
  PodName pod;
  command::Command command;
  bool operator==(const Order&) const = default;
};

// Makes `replica` the primary of `shard`. Takes the shard's ticket from `ticket_holder` first where that agent can be reached.
// Relies on: `old_primary` is known dead (force, takeover) or alive (graceful). Finished when a report shows the replica as primary.
// Valkey may elect by itself meanwhile; then the epoch differs and the agent refuses: success seen late, not an error.
struct Promote {
  ShardId shard;
  PodName replica;
  NodeId old_primary;
  std::optional<PodName> ticket_holder;
  Epoch seen_epoch;
  command::FailoverMode mode = command::FailoverMode::kGraceful;
  bool accept_stale = false;  // by a person's word
  bool operator==(const Promote&) const = default;
};

// Asks an agent for a report made after now.
struct AskReport {
  PodName pod;
  std::uint64_t nonce = 0;
  bool operator==(const AskReport&) const = default;
};

// Asks an agent for its whole topology view.
struct AskView {
  PodName pod;
  bool operator==(const AskView&) const = default;
};

using Action = std::variant<CreatePod, EvictPod, RemovePod, LabelPod, SetPodCondition, Order, Promote, AskReport, AskView>;

struct Step {
  Action action;
  Reason why = Reason::kHealthy;
  std::string detail;  // the fact it relies on, one sentence

  bool operator==(const Step&) const = default;
};

// Equal keys are the same piece of work: while one is in flight the other is not started.
std::string key_of(const Step& step);

// The pod that a step is about; none for CreatePod.
std::optional<PodName> pod_of(const Step& step);

// "promote cache-b shard=1 mode=force because=ProcessDead(lock free)": for golden files, events and logs.
std::string to_string(const Step& step);

}  // namespace shardkeeper::model
