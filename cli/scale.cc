#include "cli/scale.h"

#include "cli/follow_moves.h"
#include "cli/render/moves.h"
#include "cli/render/text.h"

#include <optional>

namespace shardkeeper::cli {
namespace {

// RETURNS the exit code where the answer is not yes.
std::optional<ExitCode> agree(const ScaleCommand& command, const Output& output) {
  if (command.yes) return std::nullopt;
  switch (output.ask("Scale " + render::printable(command.cluster) + " to " + std::to_string(command.shards) + "?")) {
    case Answer::kYes: return std::nullopt;
    case Answer::kNo: output.err << "shardkeeper: nothing is changed" << std::endl; return ExitCode::kFailed;
    case Answer::kNobodyThere: break;
  }
  output.err << "shardkeeper: nothing is changed: there is no terminal to ask at; say --yes, or --plan to look only" << std::endl;
  return ExitCode::kUsage;
}

std::string done_text(const admin::v1::Scaled& scaled) {
  const std::string shards = std::to_string(scaled.shards()) + (scaled.shards() == 1 ? " shard" : " shards");
  if (scaled.file().empty()) return render::printable(scaled.cluster()) + ": its file says " + shards + " already";
  return render::printable(scaled.cluster()) + ": " + shards + " instead of " + std::to_string(scaled.shards_before()) + ", written to " +
         render::printable(scaled.file());
}

}  // namespace

ExitCode run(const ScaleCommand& command, AdminApi& api, const Output& output) {
  const auto plan = api.plan_scale(command.cluster, command.shards);
  if (!plan) return output.fail(plan.error());
  // Programs get one document: the plan, or what was done.
  if (command.plan || output.format == Format::kText)
    output.write(*plan, [&](const render::Look& look) { return render::draw_plan(*plan, look); });
  if (!plan->refusal().empty()) return output.fail(refused("cluster " + command.cluster, plan->refusal()));
  if (command.plan) return ExitCode::kOk;
  if (!plan->elsewhere().empty()) return output.fail(refused("cluster " + command.cluster, plan->elsewhere()));  // before it asks

  const bool is_same = plan->shards_now() == plan->shards_then();
  if (const auto no = is_same ? std::nullopt : agree(command, output)) return *no;
  const auto scaled = api.scale(command.cluster, command.shards);
  if (!scaled) return output.fail(scaled.error());
  output.write(*scaled, [&](const render::Look&) { return "\n" + done_text(*scaled) + "\n"; });
  if (command.no_wait) return ExitCode::kOk;
  return follow_moves({.cluster = command.cluster, .shards = command.shards, .expected = {plan->slots(), plan->keys()}}, api, output);
}

}  // namespace shardkeeper::cli
