// The composition root's half: the one place that knows all kinds of surroundings.
#pragma once

#include "common/error/result.h"
#include "common/time/scheduler.h"
#include "coordinator/options.h"
#include "coordinator/surroundings/surroundings.h"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <memory>

namespace shardkeeper::coordinator {

// A seed that differs for every call.
std::uint64_t fresh_seed();

// ERRORS those of reading a kubeconfig, or the service account of a pod.
Result<std::unique_ptr<Surroundings>> make_surroundings(boost::asio::io_context& loop, Scheduler& scheduler, const Options& options);

}  // namespace shardkeeper::coordinator
