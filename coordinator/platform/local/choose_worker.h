// The local platform's scheduler: on which worker a new pod runs. Pure.
#pragma once

#include "common/error/result.h"
#include "coordinator/model/pods.h"

#include <vector>

namespace shardkeeper::platform::local {

// Only workers that are ready, not cordoned and without taints count. Among them, in this order of weight: none that holds a member of the
// shard already (never, where request.taken_is_hard); none that is to be avoided, the first named least of all; the one with the fewest
// pods that stay; the next by name after the shard's last one, in a circle. Ties never fall to chance.
// RETURNS the worker, or kRefused with what keeps each worker out and the way out.
Result<WorkerName> choose_worker(const std::vector<model::Worker>& workers, const std::vector<model::Pod>& pods,
                                 const model::PodRequest& request);

}  // namespace shardkeeper::platform::local
