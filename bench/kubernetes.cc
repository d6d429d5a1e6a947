// One coordinator for a hundred clusters on a real API server: what it costs with 600 connected agents, how long a cluster takes, and how long
// nobody leads when the leader ends. Scheduler, kubelets and servers are played (kube_world.h); TLS, gRPC and the API are real.
#include "bench/kube_world.h"
#include "bench/support/http_get.h"
#include "bench/support/measure.h"
#include "bench/support/process_cost.h"

#include "tests/kubeapi/api_server.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <sstream>
#include <stdexcept>

namespace shardkeeper::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kClusters = 100;
constexpr int kShards = 3;
constexpr int kAtOnce = 6;  // forming: more and the played servers need the whole machine
constexpr int kPods = 2 * kShards;
constexpr std::uint16_t kHttpPort = 8080;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

Bar at_most(double limit) { return {Bar::Kind::kValueMax, limit}; }

Row row(const std::string& name, const std::string& unit, double value, Bar bar = {}) {
  return {.name = "Kubernetes: " + name, .value = value, .unit = unit, .peer = "", .peer_value = std::nullopt, .bar = bar};
}

class Bench {
 public:
  Bench(const Context& context, test::ApiServer& server) : context_(context), server_(server), world_(server.kubeconfig()) {}

  std::vector<Row> run() {
    auto first = start_coordinator(1);
    must([&] { return !world_.leader().empty(); }, 30s, "somebody leads");
    measure_create();
    measure_hundred();
    measure_rest(first.pid());
    measure_leadership(first);
    return std::move(rows_);
  }

 private:
  test::ChildProcess start_coordinator(int number) const {
    return test::ChildProcess({.program = context_.programs / "shardkeeper-coordinator",
                               .arguments = {"--platform=kubernetes", "--kubeconfig", server_.kubeconfig().string(), "--helper-image",
                                             "localhost/shardkeeper:bench", "--lease-namespace", KubeWorld::kNamespace, "--http-ip",
                                             address(number), "--http-port", std::to_string(kHttpPort), "--socket",
                                             (folder_ / ("admin-" + std::to_string(number))).string(), "--log-level", "warn"},
                               .output = folder_ / ("coordinator-" + std::to_string(number) + ".log")});
  }
  std::string address(int number) const { return addresses_.address(number); }

  void must(const std::function<bool()>& condition, std::chrono::milliseconds deadline, const std::string& what) {
    const auto end = Clock::now() + deadline;
    while (Clock::now() < end) {
      if (world_.run_until(condition, 10s)) return;
      say(fmt::format("Kubernetes: {} clusters ready, {} agents", world_.clusters_ready(), world_.agents()));
    }
    std::string log = test::read_file(folder_ / "coordinator-1.log");
    if (log.size() > 3000) log = log.substr(log.size() - 3000);
    throw std::runtime_error(fmt::format("waited in vain: {}; {} clusters ready, {} agents; the coordinator's log:\n{}", what,
                                         world_.clusters_ready(), world_.agents(), log));
  }

  void measure_create() {
    say("Kubernetes: one cluster");
    const auto begin = Clock::now();
    world_.create_cluster("c0", kShards, 1);
    must([&] { return world_.clusters_ready() == 1; }, 60s, "one cluster is Ready");
    rows_.push_back(row("created to Ready, 3x2, pods that start in 0.1 s", "s", seconds_since(begin), at_most(3)));
  }

  void measure_hundred() {
    say(fmt::format("Kubernetes: {} clusters of {} pods", kClusters, kPods));
    const auto begin = Clock::now();
    for (int i = 1; i < kClusters; ++i) {
      world_.create_cluster("c" + std::to_string(i), kShards, 1);
      const auto wanted = static_cast<std::size_t>(std::max(1, i + 1 - kAtOnce));
      must([&] { return world_.clusters_ready() >= wanted; }, 120s, "the clusters before are Ready");
    }
    must([&] { return world_.clusters_ready() == kClusters; }, 120s, "all clusters are Ready");
    rows_.push_back(
        row(fmt::format("{} more clusters, {} at a time, created to Ready", kClusters - 1, kAtOnce), "s", seconds_since(begin)));
    if (world_.agents() != kClusters * kPods) throw std::runtime_error(fmt::format("{} agents listen", world_.agents()));
  }

  void measure_rest(pid_t coordinator) {
    say("Kubernetes: at rest");
    rest(20s);  // agents ask their servers less often once nothing has changed for ten seconds
    const auto before = world_.requests();
    const auto cpu = cost_of(coordinator).cpu;
    const auto begin = Clock::now();
    rest(context_.effort == Context::Effort::kQuick ? 10s : 40s);
    const double seconds = seconds_since(begin);
    const ProcessCost cost = cost_of(coordinator);
    const auto after = world_.requests();
    double lease = 0, reads = 0, writes = 0;
    for (const auto& [what, count] : after) {
      const auto known = before.find(what);
      const double more = count - (known == before.end() ? 0 : known->second);
      if (more == 0 || what.find(" leases") != std::string::npos) {
        lease += more;
        continue;
      }
      const bool is_read = what.starts_with("GET ") || what.starts_with("LIST ") || what.starts_with("WATCH ");
      (is_read ? reads : writes) += more;
    }
    rows_.push_back(row("memory (RSS), 100 clusters, 600 agents", "MiB", cost.rss_mib, at_most(192)));
    rows_.push_back(row("CPU at rest, 100 clusters, 600 agents", "% of a core",
                        static_cast<double>((cost.cpu - cpu).count()) / seconds / 1e7, at_most(5)));
    rows_.push_back(row("writes to the API at rest, the Lease aside", "in all", writes, at_most(0)));
    rows_.push_back(row("requests to the API at rest, the Lease aside", "per minute", reads * 60 / seconds));
    rows_.push_back(row("requests for the Lease", "per minute", lease * 60 / seconds));
    rows_.push_back(row("a pass, 99 % of them", "ms at most", slowest_pass_ms(0.99), at_most(50)));
  }

  void measure_leadership(test::ChildProcess& first) {
    say("Kubernetes: leadership");
    auto second = start_coordinator(2);
    rest(3s);
    const auto stopped = time_to_change([&] { ::kill(first.pid(), SIGTERM); });
    rows_.push_back(row("leadership after a clean stop", "s", stopped, at_most(2)));
    auto third = start_coordinator(3);
    rest(3s);
    rows_.push_back(row("leadership after kill -9", "s", time_to_change([&] { ::kill(second.pid(), SIGKILL); }), at_most(20)));
  }

  double time_to_change(const std::function<void()>& end_leader) {
    const std::string before = world_.leader();
    const auto begin = Clock::now();
    end_leader();
    must([&] { return !world_.leader().empty() && world_.leader() != before; }, 60s, "another one leads");
    return seconds_since(begin);
  }

  // The upper end of the bucket in which so large a part of all passes has ended.
  double slowest_pass_ms(double part) const {
    const auto page = http_get(address(1), kHttpPort, "/metrics");
    constexpr std::string_view kBucket = "shardkeeper_pass_seconds_bucket{le=\"";
    std::vector<std::pair<double, double>> buckets;
    std::istringstream lines(page.body);
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with(kBucket)) {
        const std::string end = line.substr(kBucket.size(), line.find('"', kBucket.size()) - kBucket.size());
        buckets.emplace_back(end == "+Inf" ? 1e6 : std::stod(end) * 1000, std::stod(line.substr(line.rfind(' '))));
      }
    if (buckets.empty() || buckets.back().second == 0) throw std::runtime_error("the coordinator tells nothing of its passes");
    for (const auto& [end, count] : buckets)
      if (count >= part * buckets.back().second) return end;
    return buckets.back().first;
  }

  void rest(std::chrono::milliseconds time) {
    const auto end = Clock::now() + time;
    (void)world_.run_until([&] { return Clock::now() >= end; }, time + 1s);
  }

  const Context& context_;
  test::ApiServer& server_;
  test::TempDir folder_;
  test::LoopbackBlock addresses_;
  KubeWorld world_;
  std::vector<Row> rows_;
};

}  // namespace

std::vector<Row> measure_kubernetes(const Context& context) { return Bench(context, test::ApiServer::instance()).run(); }

}  // namespace shardkeeper::bench
