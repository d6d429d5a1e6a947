#include "cli/rebalance.h"

#include "cli/follow_moves.h"
#include "cli/render/moves.h"

namespace shardkeeper::cli {
namespace {

Result<std::string> only_cluster(AdminApi& api) {
  const auto status = api.status("");
  if (!status) return status.error();
  if (status->clusters().empty()) return not_found("clusters", "there are none");
  if (status->clusters_size() == 1) return status->clusters(0).name();
  std::string names;
  for (const auto& cluster : status->clusters()) names += (names.empty() ? "" : ", ") + cluster.name();
  return invalid("clusters", "there are several, so name one: " + names);
}

}  // namespace

ExitCode run(const RebalanceCommand& command, AdminApi& api, const Output& output) {
  const auto name = command.cluster.empty() ? only_cluster(api) : Result<std::string>(command.cluster);
  if (!name) return output.fail(name.error());
  const auto plan = api.plan_scale(*name, 0);
  if (!plan) return output.fail(plan.error());
  output.write(*plan, [&](const render::Look& look) { return render::draw_plan(*plan, look); });
  if (command.plan) return ExitCode::kOk;
  return follow_moves({.cluster = *name, .shards = {}, .expected = {plan->slots(), plan->keys()}}, api, output);
}

}  // namespace shardkeeper::cli
