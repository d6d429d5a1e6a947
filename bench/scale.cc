// A cluster without data grows: how long slots move, and in how many jobs. The time is that of the moves alone, from the first job that the
// status shows until all six shards own their share; the new pods' start before it depends on the platform.
#include "bench/support/http_get.h"
#include "bench/support/measure.h"

#include "tests/cluster/slots_seen.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace shardkeeper::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::uint16_t kAgentHttpPort = 9781;

// Of all agents: jobs that ended, however they did.
double jobs_ended(test::LocalCluster& cluster) {
  constexpr std::string_view kName = "shardkeeper_migration_jobs_total{";
  double sum = 0;
  for (const auto& pod : cluster.pods()) {
    const auto page = http_get(pod.ip, kAgentHttpPort, "/metrics");
    if (page.status != 200) throw std::runtime_error("agent " + pod.name + " shows no metrics");
    for (auto at = page.body.find(kName); at != std::string::npos; at = page.body.find(kName, at + 1)) {
      const auto blank = page.body.find(' ', at);
      double value = 0;
      std::from_chars(page.body.data() + blank + 1, page.body.data() + page.body.size(), value);
      sum += value;
    }
  }
  return sum;
}

struct Growth {
  double move_seconds = 0;
  double all_seconds = 0;  // from the changed manifest on
  double jobs = 0;
  int pairs = 0;
};

Growth grow(test::ValkeyLine line) {
  test::LocalClusterOptions options{.line = line};
  test::LocalCluster cluster(options);
  cluster.start_coordinator();
  if (!cluster.wait_ready(60s)) throw std::runtime_error("our cluster does not become ready: " + cluster.status_text());
  const auto plan = cluster.admin().plan_scale("test", 6);
  if (!plan) throw std::runtime_error("no plan: " + to_string(plan.error()));
  options.shards = 6;
  const auto began = Clock::now();
  cluster.write_manifest(options);
  std::optional<Clock::time_point> first_job;
  const bool even = cluster.wait_for(
      [&](const admin::v1::ClusterStatus& status) {
        const bool has_slots = status.shards_size() > 3 && status.shards(3).slots() > 0;  // a job may be over before it is seen
        if (!first_job && (status.migration().jobs_size() > 0 || has_slots)) first_job = Clock::now();
        return test::is_even(status, 6, 1 + options.replicas_per_shard);
      },
      60s);
  const auto ended = Clock::now();
  if (!even || !first_job) throw std::runtime_error("slots do not spread: " + cluster.status_text());
  return {.move_seconds = std::chrono::duration<double>(ended - *first_job).count(),
          .all_seconds = std::chrono::duration<double>(ended - began).count(),
          .jobs = jobs_ended(cluster),
          .pairs = plan->moves_size()};
}

}  // namespace

std::vector<Row> measure_scale(const Context& context) {
  std::vector<Row> rows;
  for (const auto line : test::kValkeyLines) {
    const std::string name = fmt::format("3 to 6 empty shards, Valkey {}", valkey_version(line));
    say(name);
    std::vector<Growth> growths;
    for (int i = 0; i < context.runs(1, 3); ++i) {
      growths.push_back(grow(line));
      say(fmt::format("  moves {:.2f} s, all {:.2f} s, {} jobs of {} pairs", growths.back().move_seconds, growths.back().all_seconds,
                      growths.back().jobs, growths.back().pairs));
    }
    const Growth worst = *std::ranges::max_element(growths, {}, &Growth::move_seconds);
    rows.push_back({.name = name + ": all moves",
                    .value = worst.move_seconds,
                    .unit = "s",
                    .peer = "",
                    .peer_value = {},
                    .bar = line == test::ValkeyLine::k9 ? Bar{Bar::Kind::kValueMax, 2} : Bar{}});  // the server's own migration
    rows.push_back(
        {.name = name + ": with the new pods", .value = worst.all_seconds, .unit = "s", .peer = "", .peer_value = {}, .bar = {}});
    rows.push_back({.name = name + ": jobs",
                    .value = std::ranges::max_element(growths, {}, &Growth::jobs)->jobs,
                    .unit = "jobs",
                    .peer = "pairs in the plan",
                    .peer_value = static_cast<double>(worst.pairs),
                    .bar = {Bar::Kind::kRatioMax, 1}});
  }
  return rows;
}

}  // namespace shardkeeper::bench
