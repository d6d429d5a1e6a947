// A pass of the planner over a healthy cluster in which everybody agrees: what every change anywhere costs the coordinator at least.
#include "bench/support/measure.h"

#include "coordinator/plan/decide.h"
#include "coordinator/plan/slots/moves.h"
#include "tests/unit/plan/cluster_builder.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <ctime>
#include <map>
#include <stdexcept>

namespace shardkeeper::bench {
namespace {

constexpr const char* kName = "planner";
constexpr const char* kNodes = "nodes";
constexpr int kLargest = 1000;
constexpr double kPassMsMax = 2;  // at kLargest
constexpr double kMovesMsMax = 5;

void plan_healthy_cluster(benchmark::State& state) {
  const auto world = test::ClusterBuilder().shards(static_cast<int>(state.range(0)) / 2).replicas(1);
  const auto snapshot = world.snapshot();
  for (auto _ : state) benchmark::DoNotOptimize(plan::decide(snapshot, world.history()));
  state.counters[kNodes] = static_cast<double>(state.range(0));
}

// Moves for 16,384 slots of 1,000 shards, a tenth of which leave; no two neighbours have the same owner, which is the worst case.
double plan_slot_moves_ms(int runs) {
  constexpr int kShards = 1000;
  constexpr int kScatter = 7919;  // prime
  plan::Owners owners;
  for (int slot = 0; slot < kSlotCount; ++slot) owners[ShardId{slot * kScatter % kShards}].add(slot);
  plan::Weights weights;
  for (int shard = 0; shard < kShards * 9 / 10; ++shard) weights[ShardId{shard}] = 1;
  std::vector<double> times_ms;
  for (int run = 0; run < runs; ++run) {
    const auto begin = std::clock();
    benchmark::DoNotOptimize(plan::plan_moves(owners, weights));
    times_ms.push_back(1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  return median(times_ms);
}

// Keeps what Google Benchmark would print. A pass waits for nothing, so its processor time is how long it takes on an idle machine.
class Collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
      times_ms_[static_cast<int>(run.counters.at(kNodes))].push_back(run.GetAdjustedCPUTime());
      say(fmt::format("  {:.2f} ms", times_ms_[static_cast<int>(run.counters.at(kNodes))].back()));
    }
  }
  const std::map<int, std::vector<double>>& times_ms() const { return times_ms_; }  // by nodes

 private:
  std::map<int, std::vector<double>> times_ms_;
};

}  // namespace

std::vector<Row> measure_planner(const Context& context) {
  say("planner, 50 to 1,000 nodes");
  const bool quick = context.effort == Context::Effort::kQuick;
  benchmark::RegisterBenchmark(kName, plan_healthy_cluster)
      ->Arg(50)
      ->Arg(200)
      ->Arg(kLargest)
      ->Unit(benchmark::kMillisecond)
      ->MinTime(quick ? 0.1 : 0.5)
      ->Repetitions(context.runs(1, 5));
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector, kName);
  benchmark::ClearRegisteredBenchmarks();
  if (!collector.times_ms().contains(kLargest)) throw std::runtime_error("Google Benchmark ran nothing");

  std::vector<Row> rows;
  for (const auto& [nodes, times_ms] : collector.times_ms())
    rows.push_back({.name = fmt::format("coordinator: a pass of the planner, {} nodes", nodes),
                    .value = median(times_ms),
                    .unit = "ms",
                    .peer = "",
                    .peer_value = std::nullopt,
                    .bar = nodes == kLargest ? Bar{Bar::Kind::kValueMax, kPassMsMax} : Bar{}});
  rows.push_back({.name = "coordinator: a plan of slot moves, 16,384 slots of 1,000 shards",
                  .value = plan_slot_moves_ms(context.runs(5, 51)),
                  .unit = "ms",
                  .peer = "",
                  .peer_value = std::nullopt,
                  .bar = {Bar::Kind::kValueMax, kMovesMsMax}});
  return rows;
}

}  // namespace shardkeeper::bench
