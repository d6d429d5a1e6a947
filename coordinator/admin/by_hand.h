// What people do to workers and manifests through the CLI. Each platform does it its own way, or says why not.
#pragma once

#include "common/error/result.h"
#include "common/types/names.h"

#include <functional>
#include <string>

namespace shardkeeper::coordinator {

enum class WorkerLoss { kKill, kStop, kRestore };

// THREAD the loop's. `done` is called at once or later. ERRORS kNotFound: no such worker or cluster; kRefused: not on this platform, or not
// now, with the way out; kUnavailable.
class ByHand {
 public:
  virtual ~ByHand() = default;
  using Done = std::function<void(Result<void>)>;

  virtual void cordon(const WorkerName& worker, Done done) = 0;
  virtual void uncordon(const WorkerName& worker, Done done) = 0;
  virtual void lose(const WorkerName& worker, WorkerLoss loss, Done done) = 0;
  // A person's word that what ran on a lost worker is gone for good.
  virtual void confirm_lost(const WorkerName& worker, Done done) = 0;

  // Where people set this number of shards when it is not for us to: what set_shards refuses with. "": set_shards does it.
  virtual std::string shards_are_set_by(const ClusterName& cluster, int shards) const = 0;

  // Writes the number of shards where the cluster is described; RETURNS what was edited, "" when it said so already.
  virtual void set_shards(const ClusterName& cluster, int shards, std::function<void(Result<std::string>)> done) = 0;
};

}  // namespace shardkeeper::coordinator
