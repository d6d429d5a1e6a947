#include "cli/events.h"

#include "cli/render/lists.h"

namespace shardkeeper::cli {

ExitCode run(const EventsCommand& command, AdminApi& api, const Output& output) {
  const auto events = api.events(command.cluster, command.limit);
  if (!events) return output.fail(events.error());
  output.write(*events, [&](const render::Look& look) { return render::draw_events(*events, look); });
  return ExitCode::kOk;
}

}  // namespace shardkeeper::cli
