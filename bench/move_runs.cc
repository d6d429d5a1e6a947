#include "bench/move_runs.h"

#include "bench/support/measure.h"

#include "tests/support/child_process.h"
#include "tests/support/key_slot.h"
#include "tests/support/plain_cluster.h"
#include "tests/support/wait_until.h"
#include "tests/support/write_checker.h"
#include "tests/valkey/pod_pair.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace shardkeeper::bench {
namespace {

using namespace std::chrono_literals;
using test::PodPair;
using test::SyncClient;
using test::ValkeyLine;
using Clock = std::chrono::steady_clock;

constexpr int kThirdOfSlots = 5460;            // what the first of three equal primaries serves for certain
constexpr std::size_t kKeysOfWriter = 10'000;  // rewritten: clients must not add to what is moved
constexpr auto kBeforeTheMove = 2s;

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

void fill(SyncClient& client, const Load& load) {
  const std::string value(load.bytes, 'v');
  std::vector<std::vector<std::string>> calls;
  const auto send = [&] {
    const auto replies = client.pipeline(calls);
    if (!replies || std::ranges::any_of(*replies, &valkey::Reply::is_error)) throw std::runtime_error("the data could not be written");
    calls.clear();
  };
  for (int slot = 0; slot < load.slots; ++slot)
    for (int i = 0; i < load.keys; ++i) {
      calls.push_back({"SET", fmt::format("{{{}}}:{}", test::tag_of_slot(slot), i), value});
      if (calls.size() == 500) send();
    }
  if (!calls.empty()) send();
}

// Keys that clients wrote beside them do not count.
void expect_keys(SyncClient& there, const Load& load) {
  std::vector<std::vector<std::string>> calls;
  for (int slot = 0; slot < load.slots; ++slot)
    for (int i = 0; i < load.keys; ++i) calls.push_back({"EXISTS", fmt::format("{{{}}}:{}", test::tag_of_slot(slot), i)});
  std::int64_t found = 0;
  for (std::size_t first = 0; first < calls.size(); first += 1000) {
    const auto replies = there.pipeline({calls.begin() + static_cast<std::ptrdiff_t>(first),
                                         calls.begin() + static_cast<std::ptrdiff_t>(std::min(first + 1000, calls.size()))});
    if (!replies) throw std::runtime_error(to_string(replies.error()));
    for (const auto& reply : *replies) found += reply.integer;
  }
  if (found != static_cast<std::int64_t>(load.key_count()))
    throw std::runtime_error(fmt::format("{} keys arrived, {} were to be moved", found, load.key_count()));
}

// As many writers as there are processors here: a closed loop each, so that what the move takes from the servers is what they lose.
class Clients {
 public:
  Clients(const Load& load, const std::vector<Endpoint>& seeds) {
    if (load.clients == Load::Clients::kNone) return;
    test::WriteCheckerOptions options;
    options.client.seeds = seeds;
    options.slots = SlotSet::of(0, kThirdOfSlots - 1);
    options.groups = {SlotSet::of(0, kThirdOfSlots / 2 - 1), SlotSet::of(kThirdOfSlots / 2, kThirdOfSlots - 1)};
    options.keys_per_writer_max = kKeysOfWriter;
    checker_.emplace(options);
    if (const auto started = checker_->start(); !started) throw std::runtime_error(to_string(started.error()));
    const auto count = checker_->acknowledged();
    const auto began = Clock::now();
    (void)test::wait_until([] { return false; }, kBeforeTheMove, 50ms);
    before_ = static_cast<double>(checker_->acknowledged() - count) / seconds_since(began);
  }
  void move_begins() { count_ = checker_ ? checker_->acknowledged() : 0; }
  void move_ended(MoveRun& run) {
    if (!checker_) return;
    run.writes_per_second_before = before_;
    run.writes_per_second_during = static_cast<double>(checker_->acknowledged() - count_) / run.seconds;
    checker_->stop();
    const auto report = checker_->verify();
    if (!report.is_clean()) throw std::runtime_error("clients lost writes: " + to_text(report));
  }

 private:
  std::optional<test::WriteChecker> checker_;
  double before_ = 0;
  std::uint64_t count_ = 0;
};

void tell(const std::string& who, const MoveRun& run) {
  std::string text = fmt::format("  {}: {:.2f} s", who, run.seconds);
  if (run.writes_per_second_before > 0)
    text += fmt::format(", clients {:.0f} writes/s before and {:.0f} during", run.writes_per_second_before, run.writes_per_second_during);
  say(text);
}

template <typename Move>
MoveRun run_in_pods(const std::string& who, ValkeyLine line, const Load& load, Move&& move) {
  test::PodWorld world;
  PodPair pair(world, {line, line, load.replicas});
  auto client = PodPair::connect(pair.source());
  fill(client, load);
  Clients clients(load, {pair.source().endpoint()});
  MoveRun run;
  clients.move_begins();
  const auto began = Clock::now();
  move(pair);
  run.seconds = seconds_since(began);
  clients.move_ended(run);
  auto there = PodPair::connect(pair.target());
  expect_keys(there, load);
  tell(who, run);
  return run;
}

}  // namespace

double MoveRun::loss_percent() const {
  return writes_per_second_before == 0 ? 0 : 100 * (1 - writes_per_second_during / writes_per_second_before);
}

MoveRun run_ours(ValkeyLine line, const Load& load, MigrationEngine engine) {
  return run_in_pods(fmt::format("ours, {}", to_string(engine)), line, load, [&](PodPair& pair) {
    const auto ended = pair.run(pair.job(SlotSet::of(0, load.slots - 1), engine));
    if (ended.stage != MigrationProgress::Stage::kDone) throw std::runtime_error("our job failed: " + ended.error);
  });
}

// The server's own command and nothing around it.
MoveRun run_bare(ValkeyLine line, const Load& load) {
  return run_in_pods("bare MIGRATESLOTS", line, load, [&](PodPair& pair) {
    auto admin = pair.source().admin();
    const auto asked = admin.call(
        {"CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", "0", std::to_string(load.slots - 1), "NODE", pair.target().state().node_id->str()});
    if (!asked || asked->is_error()) throw std::runtime_error("CLUSTER MIGRATESLOTS: " + (asked ? asked->text : to_string(asked.error())));
    const auto has_moved = [&] {
      const auto list = admin.call({"CLUSTER", "GETSLOTMIGRATIONS"});
      return list && !list->items.empty() &&
             std::ranges::any_of(list->items.front().items, [](const valkey::Reply& field) { return field.text == "success"; });
    };
    if (!test::wait_until(has_moved, 120s, 5ms)) throw std::runtime_error("the bare migration does not end");
  });
}

MoveRun run_valkey_cli(ValkeyLine line, const Load& load, const std::vector<std::string>& options) {
  test::PlainCluster cluster({.line = line, .shards = 3, .replicas_per_shard = load.replicas});
  cluster.create();
  if (!cluster.wait_until_ready(60s)) throw std::runtime_error("the peer's cluster does not become ready");
  auto* const from = cluster.primary_of(0);
  auto* const to = cluster.primary_of(kSlotCount - 1);
  if (from == nullptr || to == nullptr) throw std::runtime_error("the peer's cluster has no owner of a slot");
  auto client = SyncClient::connect(from->options().ip, from->options().port, 30s);
  if (!client) throw std::runtime_error(to_string(client.error()));
  fill(*client, load);
  test::ChildOptions cli{
      .program = test::valkey_cli(line),
      .arguments = {"--cluster", "reshard", to_string(cluster.endpoints().front()), "--cluster-from", from->ask({"CLUSTER", "MYID"}),
                    "--cluster-to", to->ask({"CLUSTER", "MYID"}), "--cluster-slots", std::to_string(load.slots), "--cluster-yes"}};
  cli.arguments.insert(cli.arguments.end(), options.begin(), options.end());
  Clients clients(load, cluster.endpoints());
  MoveRun run;
  clients.move_begins();
  const auto began = Clock::now();
  const test::Finished finished = test::run(cli, 600s);
  run.seconds = seconds_since(began);
  if (finished.status != test::ExitStatus{}) throw std::runtime_error("valkey-cli --cluster reshard failed: " + finished.output);
  clients.move_ended(run);
  auto there = SyncClient::connect(to->options().ip, to->options().port, 30s);
  if (!there) throw std::runtime_error(to_string(there.error()));
  expect_keys(*there, load);
  tell(fmt::format("valkey-cli reshard {}", fmt::join(options, " ")), run);
  return run;
}

}  // namespace shardkeeper::bench
