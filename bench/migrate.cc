// Moving slots: our two engines beside what people use without us, with the same data in the same run; and what clients feel of it.
#include "bench/move_runs.h"
#include "bench/support/measure.h"

#include <fmt/format.h>

namespace shardkeeper::bench {
namespace {

using test::ValkeyLine;

const std::vector<std::vector<std::string>> kWaysOfValkeyCli{{}, {"--cluster-pipeline", "100"}};

std::string peer_name(const std::vector<std::string>& options) {
  return fmt::format("valkey-cli --cluster reshard {}", fmt::join(options, " "));
}

// One row a way of calling valkey-cli: `amount` per second of ours and of the peer's.
void add_speed(std::vector<Row>& rows, const Load& load, double amount, const std::string& unit, double ratio_min) {
  const ValkeyLine line = ValkeyLine::k8;
  say(load.name);
  const double ours = amount / run_ours(line, load, MigrationEngine::kKeys).seconds;
  for (const auto& options : kWaysOfValkeyCli)
    rows.push_back({.name = fmt::format("{}, Valkey {}", load.name, valkey_version(line)),
                    .value = ours,
                    .unit = unit,
                    .peer = peer_name(options),
                    .peer_value = amount / run_valkey_cli(line, load, options).seconds,
                    .bar = {Bar::Kind::kRatioMin, ratio_min}});
}

// Two figures: how much slower clients are while slots move, and what that sums up to until the move is over.
void add_loss(std::vector<Row>& rows, const Load& load) {
  const ValkeyLine line = ValkeyLine::k8;
  say(load.name);
  const MoveRun ours = run_ours(line, load, MigrationEngine::kKeys);
  for (const auto& options : kWaysOfValkeyCli) {
    const MoveRun peer = run_valkey_cli(line, load, options);
    const std::string name = fmt::format("{}, Valkey {}", load.name, valkey_version(line));
    rows.push_back({.name = name + ": clients' throughput lost meanwhile",
                    .value = ours.loss_percent(),
                    .unit = "%",
                    .peer = peer_name(options),
                    .peer_value = peer.loss_percent(),
                    .bar = {Bar::Kind::kRatioMax, 1.1}});
    rows.push_back({.name = name + ": writes lost to it in all",
                    .value = ours.writes_lost(),
                    .unit = "writes",
                    .peer = peer_name(options),
                    .peer_value = peer.writes_lost(),
                    .bar = {Bar::Kind::kRatioMax, 1.1}});
  }
}

// The goal is either of the two: as fast as a loopback needs, or as the server can.
void add_atomic(std::vector<Row>& rows, const Load& load) {
  const ValkeyLine line = ValkeyLine::k9;
  constexpr double kEnoughMbPerSecond = 300;
  say(load.name);
  const double ours = load.mb() / run_ours(line, load, MigrationEngine::kAtomic).seconds;
  rows.push_back({.name = fmt::format("{}, Valkey {}", load.name, valkey_version(line)),
                  .value = ours,
                  .unit = "MB/s",
                  .peer = "bare CLUSTER MIGRATESLOTS",
                  .peer_value = load.mb() / run_bare(line, load).seconds,
                  .bar = {.kind = Bar::Kind::kRatioMin, .limit = 0.9, .or_value_min = kEnoughMbPerSecond}});
}

}  // namespace

std::vector<Row> measure_migrate(const Context& context) {
  const int scale = context.effort == Context::Effort::kQuick ? 1 : 4;
  std::vector<Row> rows;
  const Load small{"move slots with 5 small keys, a replica each", 250 * scale, 5, 20, 1};
  add_speed(rows, small, small.slots, "slots/s", 5);
  const Load large{"move 2 KiB values, a replica each", 250 * scale, 50, 2048, 1};
  add_speed(rows, large, large.mb(), "MB/s", 2);
  add_loss(rows, {"move 200-byte values under writers, a replica each", 500 * scale, 50, 200, 1, Load::Clients::kWriting});
  add_atomic(rows, {"move 2 KiB values at once", 1'000 * scale, 25, 2048, 0});
  return rows;
}

}  // namespace shardkeeper::bench
