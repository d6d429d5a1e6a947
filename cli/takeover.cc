#include "cli/takeover.h"

#include <boost/json/object.hpp>

namespace shardkeeper::cli {

namespace {

ExitCode accept_stale(const std::string& pod, AdminApi& api, const Output& output) {
  const auto done = api.accept_stale(pod);
  if (!done) return output.fail(done.error());
  output.write_done("the old copy of " + pod + " is accepted: it is promoted as soon as nothing better answers",
                    boost::json::object{{"pod", pod}, {"done", "accept-stale"}});
  return ExitCode::kOk;
}

}  // namespace

ExitCode run(const TakeoverCommand& command, AdminApi& api, const Output& output) {
  if (!command.stale_pod.empty()) return accept_stale(command.stale_pod, api, output);
  const auto done = api.confirm_lost(command.lost_worker);
  if (!done) return output.fail(done.error());
  output.write_done(command.lost_worker + " is confirmed lost: what ran there counts as dead, and its shards are served again",
                    boost::json::object{{"worker", command.lost_worker}, {"done", "confirm-lost"}});
  return ExitCode::kOk;
}

}  // namespace shardkeeper::cli
