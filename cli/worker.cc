#include "cli/worker.h"

#include "cli/render/lists.h"

#include <boost/json/object.hpp>

namespace shardkeeper::cli {
namespace {

using admin::v1::LoseWorkerRequest;

ExitCode report(const Result<void>& done, const std::string& worker, const std::string& action, const std::string& sentence,
                const Output& output) {
  if (!done) return output.fail(done.error());
  output.write_done(worker + " " + sentence, boost::json::object{{"worker", worker}, {"done", action}});
  return ExitCode::kOk;
}

}  // namespace

ExitCode run(const WorkerListCommand&, AdminApi& api, const Output& output) {
  const auto workers = api.workers();
  if (!workers) return output.fail(workers.error());
  output.write(*workers, [&](const render::Look& look) { return render::draw_workers(*workers, look); });
  return ExitCode::kOk;
}

ExitCode run(const CordonCommand& command, AdminApi& api, const Output& output) {
  return report(api.cordon(command.worker), command.worker, "cordon", "takes no new pods", output);
}

ExitCode run(const UncordonCommand& command, AdminApi& api, const Output& output) {
  return report(api.uncordon(command.worker), command.worker, "uncordon", "takes new pods again", output);
}

ExitCode run(const LoseCommand& command, AdminApi& api, const Output& output) {
  const auto done = api.lose(command.worker, command.mode);
  switch (command.mode) {
    case LoseWorkerRequest::STOP: return report(done, command.worker, "stop", "is stopped: its processes exist and do not answer", output);
    case LoseWorkerRequest::RESTORE: return report(done, command.worker, "restore", "is back", output);
    default: return report(done, command.worker, "kill", "is lost: all its processes were killed", output);
  }
}

}  // namespace shardkeeper::cli
