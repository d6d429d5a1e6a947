// The local platform's workers: named groups of pods that can be cordoned, lost and restored. Kept in workers.json.
#pragma once

#include "common/error/result.h"
#include "coordinator/model/pods.h"
#include "coordinator/platform/local/options.h"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace shardkeeper::platform::local {

enum class WorkerHealth {
  kUp,
  kKilled,   // everything on it has ended
  kStopped,  // everything on it is stopped (SIGSTOP)
};

struct WorkerRecord {
  std::string zone;
  WorkerHealth health = WorkerHealth::kUp;
  bool is_cordoned = false;
  bool is_confirmed_lost = false;  // carries the out-of-service taint

  bool operator==(const WorkerRecord&) const = default;
};

// Every change is on disk when the function returns; where that fails nothing changes.
class WorkerSet {
 public:
  // Workers of the options with what the file says of them, and workers of the file that still have pods: those are cordoned, since
  // nobody asked for them any more. ERRORS kInvalid: no worker, a name twice, a name that is no DNS label, or a bad file.
  static Result<WorkerSet> open(std::filesystem::path file, const std::vector<WorkerOptions>& options,
                                const std::set<WorkerName>& with_pods);

  // kUp for an unknown name.
  WorkerHealth health(const WorkerName& worker) const;
  const std::map<WorkerName, WorkerRecord>& all() const { return workers_; }
  std::vector<model::Worker> view() const;  // sorted by name

  // ERRORS kNotFound: no such worker, `detail` lists those that are; kUnavailable: the file cannot be written.
  Result<WorkerRecord> find(const WorkerName& worker) const;
  Result<void> put(const WorkerName& worker, const WorkerRecord& record);

 private:
  WorkerSet(std::filesystem::path file, std::map<WorkerName, WorkerRecord> workers)
      : file_(std::move(file)), workers_(std::move(workers)) {}

  std::filesystem::path file_;
  std::map<WorkerName, WorkerRecord> workers_;
};

}  // namespace shardkeeper::platform::local
