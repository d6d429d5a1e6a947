// kill -9 of a primary's server under a writing client: time from the kill until that shard acknowledges writes again. The peer is the same servers with
// node timeout 5 s, left to elect by themselves.
#include "bench/support/measure.h"

#include "tests/cluster/local_cluster.h"
#include "tests/support/plain_cluster.h"
#include "tests/support/wait_until.h"
#include "tests/support/write_checker.h"

#include <fmt/format.h>

#include <csignal>
#include <stdexcept>

namespace shardkeeper::bench {
namespace {

using namespace std::chrono_literals;
using test::PlainCluster;
using test::ValkeyLine;
using test::WriteChecker;
using Clock = std::chrono::steady_clock;

struct Outcome {
  std::vector<double> times_ms;
  std::uint64_t lost = 0;
};

constexpr int kSlots[] = {0, 8000, 16000};  // one of each shard

double kill_once(PlainCluster& cluster, WriteChecker& checker, int slot) {
  test::ValkeyProcess* primary = cluster.primary_of(slot);
  if (primary == nullptr) throw std::runtime_error("nobody serves slot " + std::to_string(slot));
  checker.forget_gaps();
  const auto killed_at = Clock::now();
  primary->kill();
  const auto written_again = [&] {
    return checker.longest_gap(slot).began + 1s < Clock::now() && checker.longest_gap(slot).ended() + 50ms < Clock::now();
  };
  if (!test::wait_until(written_again, 60s)) throw std::runtime_error("no election in 60 s");
  const double took_ms = std::chrono::duration<double, std::milli>(checker.longest_gap(slot).ended() - killed_at).count();
  // Its nodes.conf is still there and a replica was promoted: it comes back as that one's replica.
  primary->start();
  if (!cluster.wait_until_ready(60s)) throw std::runtime_error("the cluster does not recover");
  return took_ms;
}

Outcome by_election(ValkeyLine line, int runs) {
  PlainCluster cluster({.line = line, .settings = {{"cluster-node-timeout", "5000"}}});
  cluster.create();
  if (!cluster.wait_until_ready(60s)) throw std::runtime_error("the cluster does not become ready");
  WriteChecker checker({.client = {.seeds = cluster.endpoints(), .give_up_after = 60s}, .pause = 1ms});
  if (const auto started = checker.start(); !started) throw std::runtime_error(to_string(started.error()));
  Outcome outcome;
  for (int i = 0; i < runs; ++i) {
    outcome.times_ms.push_back(kill_once(cluster, checker, kSlots[i % 3]));
    say(fmt::format("  election: {:.0f} ms", outcome.times_ms.back()));
  }
  checker.stop();
  outcome.lost = checker.verify().lost;
  return outcome;
}

// Ready, with a primary and its replica in each of three shards.
bool is_whole(const admin::v1::ClusterStatus& now) {
  return now.ready() && now.shards_size() == 3 &&
         std::ranges::all_of(now.shards(), [](const auto& shard) { return shard.pods_size() == 2; });
}

Outcome by_us(ValkeyLine line, int runs) {
  test::LocalCluster cluster({.line = line});
  cluster.start_coordinator();
  if (!cluster.wait_ready()) throw std::runtime_error("our cluster does not become ready: " + cluster.status_text());
  test::ClusterClientOptions client{.give_up_after = 60s};
  for (const auto& pod : cluster.pods()) client.seeds.push_back({pod.ip, 6379, 0});
  WriteChecker checker({.client = client, .pause = 1ms});
  if (const auto started = checker.start(); !started) throw std::runtime_error(to_string(started.error()));
  Outcome outcome;
  for (int i = 0; i < runs; ++i) {
    const int shard = i % 3;
    const auto pod = cluster.pod(cluster.primary(shard));
    checker.forget_gaps();
    const auto killed_at = Clock::now();
    ::kill(pod.server, SIGKILL);
    const auto written_again = [&] {
      const auto gap = checker.longest_gap(kSlots[shard]);
      return gap.ended() > killed_at && gap.ended() + 50ms < Clock::now();
    };
    if (!test::wait_until(written_again, 60s)) throw std::runtime_error("not served again in 60 s: " + cluster.status_text());
    const bool whole =
        cluster.wait_for([&](const auto& now) { return is_whole(now) && now.shards(shard).pods(0).name() != pod.name; }, 60s);
    if (!whole) throw std::runtime_error("the cluster does not recover: " + cluster.status_text());
    outcome.times_ms.push_back(std::chrono::duration<double, std::milli>(checker.longest_gap(kSlots[shard]).ended() - killed_at).count());
    if (i % 20 == 19) say(fmt::format("  {} kills, worst {:.0f} ms", i + 1, percentile(outcome.times_ms, 1)));
  }
  checker.stop();
  outcome.lost = checker.verify().lost;
  return outcome;
}

Row row(ValkeyLine line, const std::string& what, double value, double peer_value, Bar bar) {
  return {.name = fmt::format("killed primary, writes again, {}, Valkey {}", what, valkey_version(line)),
          .value = value,
          .unit = "ms",
          .peer = "the servers' own election",
          .peer_value = peer_value,
          .bar = bar};
}

}  // namespace

std::vector<Row> measure_failover(const Context& context) {
  std::vector<Row> rows;
  for (const ValkeyLine line : test::kValkeyLines) {
    say("failover, Valkey " + valkey_version(line));
    const Outcome ours = by_us(line, context.runs(10, 200));
    const Outcome peer = by_election(line, context.runs(1, 6));
    rows.push_back(row(line, "p50", percentile(ours.times_ms, 0.5), percentile(peer.times_ms, 0.5), {}));
    rows.push_back(row(line, "p99", percentile(ours.times_ms, 0.99), percentile(peer.times_ms, 0.99), {Bar::Kind::kValueMax, 200}));
    rows.push_back(row(line, "worst", percentile(ours.times_ms, 1), percentile(peer.times_ms, 1), {}));
    rows.push_back({.name = "acknowledged writes lost in all kills, Valkey " + valkey_version(line),
                    .value = static_cast<double>(ours.lost),
                    .unit = "writes",
                    .peer = "the servers' own election",
                    .peer_value = static_cast<double>(peer.lost),
                    .bar = {Bar::Kind::kValueMax, 0}});
  }
  return rows;
}

}  // namespace shardkeeper::bench
