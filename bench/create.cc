// From running, empty servers to a cluster. The peer is `valkey-cli --cluster create` of the same version on the same number of servers with the
// same settings, timed twice: to the end of the program, when its replicas may still be syncing and its primaries refuse clients, and until every
// server is as ready as ours. Ours is timed from the start of the coordinator, on servers that were reset and have run for more than two seconds,
// until every pod is Ready. A server takes no client for the first 0.5 s after its slots came (facts §12), however it got them.
#include "bench/support/measure.h"

#include "tests/cluster/local_cluster.h"
#include "tests/support/plain_cluster.h"
#include "tests/support/wait_until.h"

#include <fmt/format.h>

namespace shardkeeper::bench {
namespace {

using test::ValkeyLine;

struct PeerTimes {
  double ended_ms = 0;  // the program
  double ready_ms = 0;  // the cluster
};

PeerTimes peer_times(ValkeyLine line, int shards, int runs) {
  std::vector<double> ended, ready;
  for (int i = 0; i < runs; ++i) {
    test::PlainCluster cluster({.line = line, .shards = shards, .replicas_per_shard = 1});
    const auto program = cluster.create();
    const auto end = std::chrono::steady_clock::now();
    if (!cluster.wait_until_ready(std::chrono::seconds(60))) throw std::runtime_error("the peer's cluster does not become ready");
    ended.push_back(static_cast<double>(program.count()));
    ready.push_back(ended.back() + std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - end).count());
    say(fmt::format("  valkey-cli: {:.0f} ms, ready after {:.0f} ms", ended.back(), ready.back()));
  }
  return {median(ended), median(ready)};
}

using namespace std::chrono_literals;

// Empty servers that know nobody, as a first start leaves them, only that they have been running for a while.
void reset_all(test::LocalCluster& cluster) {
  cluster.kill_coordinator();
  for (const auto& pod : cluster.pods()) {
    auto server = cluster.admin_client(pod.name);
    for (const auto& command : {std::vector<std::string>{"CLUSTER", "RESET", "HARD"}, {"CONFIG", "SET", "cluster-node-timeout", "5000"}}) {
      const auto reply = server.call(command);
      if (!reply || reply->is_error())
        throw std::runtime_error(pod.name + ": " + command[1] + ": " + (reply ? reply->text : to_string(reply.error())));
    }
  }
}

double ours_ms(ValkeyLine line, int shards, int runs) {
  test::LocalCluster cluster({.line = line, .shards = shards});
  cluster.start_coordinator();
  if (!cluster.wait_ready(120s)) throw std::runtime_error("our cluster does not become ready: " + cluster.status_text());
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    reset_all(cluster);
    const auto reset_at = std::chrono::steady_clock::now();
    (void)test::wait_until([&] { return std::chrono::steady_clock::now() > reset_at + 3s; }, 10s, 50ms);
    const auto began = std::chrono::steady_clock::now();
    cluster.start_coordinator();
    if (!cluster.wait_ready(60s)) throw std::runtime_error("not ready again: " + cluster.status_text());
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count());
    say(fmt::format("  ours: {:.0f} ms", times.back()));
  }
  return median(times);
}

}  // namespace

std::vector<Row> measure_create(const Context& context) {
  std::vector<Row> rows;
  for (const ValkeyLine line : test::kValkeyLines)
    for (const int shards : {3, 10, 25}) {
      const std::string name = fmt::format("create {}x2, Valkey {}", shards, valkey_version(line));
      say(name);
      const int runs = shards == 25 ? context.runs(1, 2) : context.runs(1, 3);
      const double ours = ours_ms(line, shards, runs);
      const PeerTimes peer = peer_times(line, shards, runs);
      const auto row = [&](const std::string& what, const std::string& until, double peer_ms) {
        rows.push_back({.name = name + what,
                        .value = ours,
                        .unit = "ms",
                        .peer = "valkey-cli --cluster create" + until,
                        .peer_value = peer_ms,
                        .bar = {Bar::Kind::kRatioMax, 0.3}});
      };
      row("", "", peer.ended_ms);
      row(", both to ready", " + wait", peer.ready_ms);
      if (shards == 3)
        rows.push_back({.name = name + ", absolute",
                        .value = rows.back().value,
                        .unit = "ms",
                        .peer = "",
                        .peer_value = 0,
                        .bar = {Bar::Kind::kValueMax, 1000}});
    }
  return rows;
}

}  // namespace shardkeeper::bench
