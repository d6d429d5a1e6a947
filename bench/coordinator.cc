// What one coordinator costs that runs 25 shards with a replica each, at rest.
#include "bench/support/measure.h"

#include "bench/support/process_cost.h"

#include "tests/cluster/local_cluster.h"
#include "tests/support/wait_until.h"

#include <stdexcept>

namespace shardkeeper::bench {
namespace {

using namespace std::chrono_literals;

Row row(const std::string& name, const std::string& unit, double value) {
  return {.name = "coordinator with 25x2 nodes: " + name,
          .value = value,
          .unit = unit,
          .peer = "",  // nothing comparable watches a cluster and acts for it
          .peer_value = std::nullopt,
          .bar = {}};
}

}  // namespace

std::vector<Row> measure_coordinator(const Context& context) {
  say("coordinator, 25x2 nodes");
  test::LocalCluster cluster({.shards = 25});
  cluster.start_coordinator();
  if (!cluster.wait_ready(120s)) throw std::runtime_error("our cluster does not become ready: " + cluster.status_text());
  // At rest: agents ask their servers less often once nothing has changed for ten seconds.
  const auto rested = std::chrono::steady_clock::now() + 12s;
  (void)test::wait_until([&] { return std::chrono::steady_clock::now() >= rested; }, 20s, 100ms);
  const auto pid = cluster.coordinator().pid();
  const double idle = idle_cpu_percent(pid, context.effort == Context::Effort::kQuick ? 5s : 20s);
  const ProcessCost cost = cost_of(pid);
  return {row("memory (RSS)", "MiB", cost.rss_mib), row("anonymous memory", "MiB", cost.anonymous_mib),
          row("CPU at rest", "% of a core", idle)};
}

}  // namespace shardkeeper::bench
