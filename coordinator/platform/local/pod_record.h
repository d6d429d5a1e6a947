// What pod.json says: everything that a later coordinator must know of a pod to carry on with it.
#pragma once

#include "common/error/result.h"
#include "common/types/names.h"
#include "coordinator/model/spec.h"
#include "coordinator/platform/local/process_id.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace shardkeeper::platform::local {

inline constexpr const char* kPrepareContainer = "prepare";
inline constexpr const char* kAgentContainer = "agent";
inline constexpr const char* kValkeyContainer = "valkey";

struct ContainerRecord {
  std::string id;                            // of the running or last instance; "" before the first
  std::optional<std::string> terminated_id;  // we saw this very instance end
  int restarts = 0;
  std::optional<ProcessId> process;  // while it runs

  bool operator==(const ContainerRecord&) const = default;
};

// What of the spec goes into `prepare`, as it was when the pod was made.
struct ServerRecord {
  std::chrono::milliseconds node_timeout{5000};
  int min_replicas_to_write = 0;
  std::optional<std::uint64_t> maxmemory_bytes;
  std::map<std::string, std::string> config;

  bool operator==(const ServerRecord&) const = default;
};

struct PodRecord {
  PodName name;
  PodUid uid;
  ClusterName cluster;
  WorkerName worker;
  std::string zone;
  std::string ip;
  std::string image;
  std::map<std::string, std::string> labels;
  std::map<std::string, bool> conditions;
  ServerRecord server;
  bool is_prepared = false;                            // `prepare` has done its work
  std::optional<std::chrono::seconds> deletion_grace;  // set once a deletion was asked for
  bool is_forgotten = false;                           // deleted without waiting for its worker; ends when the worker is back
  ContainerRecord prepare, agent, valkey;

  bool operator==(const PodRecord&) const = default;
};

ServerRecord server_record_of(const model::ClusterSpec& spec);

std::string to_json(const PodRecord& record);
// ERRORS kInvalid: names `where`, the field and what is wrong with it.
Result<PodRecord> parse_pod_record(const std::string& where, std::string_view text);

}  // namespace shardkeeper::platform::local
