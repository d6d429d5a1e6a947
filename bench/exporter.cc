// What watching one server costs: our agent in a cluster, with mutual TLS and a coordinator connected. The peer is prometheus-redis-exporter
// beside a server of its own.
#include "bench/support/http_get.h"
#include "bench/support/measure.h"
#include "bench/support/process_cost.h"

#include "tests/cluster/local_cluster.h"
#include "tests/support/loopback.h"
#include "tests/support/temp_dir.h"
#include "tests/support/valkey_process.h"
#include "tests/support/wait_until.h"

#include <fmt/format.h>

#include <stdexcept>

namespace shardkeeper::bench {
namespace {

using namespace std::chrono_literals;

constexpr const char* kExporter = "/usr/bin/prometheus-redis-exporter";
constexpr std::uint16_t kExporterPort = 9121;
constexpr std::uint16_t kAgentHttpPort = 9781;

struct Cost {
  double rss_mib = 0, anonymous_mib = 0, scrape_ms = 0, idle_percent = 0;
};

// CPU per scrape is the difference over many, so that what the process does besides matters little.
Cost cost_of_scraping(const Context& context, pid_t pid, const std::string& ip, std::uint16_t port) {
  const int scrapes = context.runs(50, 500);
  const auto scrape = [&] {
    if (http_get(ip, port, "/metrics").status != 200) throw std::runtime_error(fmt::format("no metrics at {}:{}", ip, port));
  };
  for (int i = 0; i < 20; ++i) scrape();  // first allocations do not count
  const auto before = cost_of(pid).cpu;
  for (int i = 0; i < scrapes; ++i) scrape();
  const ProcessCost after = cost_of(pid);
  Cost cost{after.rss_mib, after.anonymous_mib, std::chrono::duration<double, std::milli>(after.cpu - before).count() / scrapes, 0};
  cost.idle_percent = idle_cpu_percent(pid, context.effort == Context::Effort::kQuick ? 2s : 10s);
  return cost;
}

Cost measure_peer(const Context& context, test::ValkeyLine line) {
  const test::TempDir folder;
  const test::LoopbackBlock block;
  const test::ValkeyProcess server({.program = test::valkey_server(line), .ip = block.address(1), .folder = folder.path()});
  const test::ChildProcess exporter({.program = kExporter,
                                     .arguments = {"--redis.addr=redis://" + block.address(1) + ":6379",
                                                   fmt::format("--web.listen-address={}:{}", block.address(1), kExporterPort)},
                                     .output = folder / "exporter.log"});
  const auto answers = [&] { return http_get(block.address(1), kExporterPort, "/metrics").body.find("redis_up 1") != std::string::npos; };
  if (!test::wait_until(answers))
    throw std::runtime_error("prometheus-redis-exporter does not answer: " + test::read_file(folder / "exporter.log"));
  return cost_of_scraping(context, exporter.pid(), block.address(1), kExporterPort);
}

Cost measure_ours(const Context& context, test::ValkeyLine line) {
  test::LocalCluster cluster({.line = line});
  cluster.start_coordinator();
  if (!cluster.wait_ready()) throw std::runtime_error("our cluster does not become ready: " + cluster.status_text());
  const auto pod = cluster.pod(cluster.primary(0));
  // At rest: ten seconds after its start an agent gives back what only starting up needed.
  const auto rested = std::chrono::steady_clock::now() + 12s;
  (void)test::wait_until([&] { return std::chrono::steady_clock::now() >= rested; }, 20s, 100ms);
  return cost_of_scraping(context, pod.agent, pod.ip, kAgentHttpPort);
}

Row row(const std::string& name, const std::string& unit, double value, double peer_value, double limit) {
  return {.name = name,
          .value = value,
          .unit = unit,
          .peer = "prometheus-redis-exporter",
          .peer_value = peer_value,
          .bar = {Bar::Kind::kValueMax, limit}};
}

}  // namespace

std::vector<Row> measure_exporter(const Context& context) {
  say("metrics of one server");
  const Cost peer = measure_peer(context, test::ValkeyLine::k8);
  const Cost ours = measure_ours(context, test::ValkeyLine::k8);
  return {row("agent: memory (RSS)", "MiB", ours.rss_mib, peer.rss_mib, 16),
          row("agent: anonymous memory", "MiB", ours.anonymous_mib, peer.anonymous_mib, 5),
          row("agent: CPU of a /metrics scrape", "ms", ours.scrape_ms, peer.scrape_ms, 1),
          row("agent: CPU at rest", "% of a core", ours.idle_percent, peer.idle_percent, 0.2)};
}

}  // namespace shardkeeper::bench
