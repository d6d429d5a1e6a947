// Whatever dies in the middle of a move of slots: the move ends, every slot has one owner, none stays open, and every key is there.
#include "common/valkey/parse/cluster_nodes.h"
#include "tests/cluster/slots_seen.h"
#include "tests/support/mixed_data.h"
#include "tests/support/wait_until.h"
#include "tests/support/write_checker.h"

#include <gtest/gtest.h>

#include <csignal>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <sstream>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

enum class Victim { kCoordinator, kSourceAgent, kTargetAgent, kSourceServer, kTargetServer, kConnections, kTargetHangs };
// kOpened and kHanded are of moves key by key: a slot is open at its target alone, or owned by it while its source still believes it owns it.
enum class Stage { kBegun, kOpened, kMiddle, kHanded, kWaitsToPause, kGranted, kEnding };

struct Sweep {
  std::string name;
  ValkeyLine line;
  Victim victim;
};

struct Ends {
  std::string source;
  std::string target;
};

constexpr std::uint64_t kKeys = 30'000;
// Replication is asynchronous: of what was acknowledged in the last moments before a primary was killed some may not have left it.
constexpr std::uint64_t kUnsentPerKillMax = 5;

class MoveKill : public testing::TestWithParam<Sweep> {
 protected:
  MoveKill() { cluster_.start_coordinator(); }

  static LocalClusterOptions options_for(ValkeyLine line) {
    LocalClusterOptions options{.line = line};
    options.takes_debug = line == ValkeyLine::k9;
    // Key by key as slowly that each stage lasts for a second; the atomic engine is held back by its servers below.
    if (line == ValkeyLine::k8) options.more_spec = "  migration: {maxBytesPerSecond: \"300Ki\"}\n";
    return options;
  }
  bool is_atomic() const { return GetParam().line == ValkeyLine::k9; }
  bool kills_a_server() const { return GetParam().victim == Victim::kSourceServer || GetParam().victim == Victim::kTargetServer; }

  void start() {
    ASSERT_TRUE(cluster_.wait_ready()) << cluster_.status_text();
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
    data_.emplace(MixedDataOptions{
        .client = {.seeds = seeds_of(cluster_)}, .keys = kKeys, .big_value_bytes = 0, .expire_at_ms = now.count() + 24LL * 3600 * 1000});
    data_->write(options_.replicas_per_shard);
    WriteCheckerOptions writer{.pause = 2ms};
    writer.client.seeds = seeds_of(cluster_);
    checker_.emplace(writer);
    ASSERT_TRUE(checker_->start());
  }

  // Of an atomic move: its snapshot lasts for some seconds, or its source or target stops before its next step. Servers that come later, as
  // the targets of a scale out, are not held.
  void hold_at(Stage stage) {
    if (!is_atomic()) return;
    const bool is_early = stage == Stage::kBegun || stage == Stage::kMiddle;
    for (const auto& pod : cluster_.pods()) {
      auto client = cluster_.debug_client(pod.name);
      ASSERT_EQ(client.call({"CONFIG", "SET", "rdb-key-save-delay", is_early ? "200" : "0"}).value().text, "OK");
      for (const auto& [what, held] : {std::pair{"PREVENT-PAUSE", Stage::kWaitsToPause}, {"PREVENT-FAILOVER", Stage::kGranted}})
        ASSERT_EQ(client.call({"DEBUG", "SLOTMIGRATION", what, stage == held ? "1" : "0"}).value().text, "OK");
    }
  }
  // Of those that live.
  void let_go() {
    if (!is_atomic()) return;
    for (const auto& pod : cluster_.pods()) {
      if (pod.server == 0) continue;
      try {
        auto client = cluster_.debug_client(pod.name);
        for (const auto* const what : {"PREVENT-PAUSE", "PREVENT-FAILOVER"})
          static_cast<void>(client.call({"DEBUG", "SLOTMIGRATION", what, "0"}));
      } catch (const std::runtime_error&) {
        continue;  // it has just been killed
      }
    }
  }

  // Where servers that were there before must be held, shards are taken away.
  std::vector<Stage> stages() const {
    if (!is_atomic()) return {Stage::kBegun, Stage::kOpened, Stage::kMiddle, Stage::kHanded, Stage::kEnding};
    return {Stage::kBegun, Stage::kMiddle, Stage::kWaitsToPause, Stage::kGranted, Stage::kEnding};
  }

  std::optional<Ends> wait_for_stage(Stage stage) {
    if (is_atomic()) return wait_for_export(stage);
    const bool is_between = stage == Stage::kOpened || stage == Stage::kHanded;
    const auto ends = wait_for_slots(is_between ? Stage::kBegun : stage);
    return ends && is_between ? wait_between(stage, *ends) : ends;
  }

  std::optional<Ends> wait_for_slots(Stage stage) {
    std::optional<Ends> ends;
    const auto is_there = [&](const admin::v1::ClusterStatus& status) {
      const MoveSeen seen = move_seen(status);
      if (!seen.runs) return false;
      const int percent = 100 * seen.slots_done / std::max(seen.slots_total, 1);
      if (percent < (stage == Stage::kBegun ? 0 : stage == Stage::kMiddle ? 30 : 70)) return false;
      ends = Ends{seen.source, seen.target};
      return true;
    };
    return cluster_.wait_for(is_there, 60s) ? ends : std::nullopt;
  }

  // The target is asked first: what it has already and the source not yet was so at one moment.
  std::optional<Ends> wait_between(Stage stage, const Ends& ends) {
    auto source = cluster_.admin_client(ends.source);
    auto target = cluster_.admin_client(ends.target);
    const auto is_there = [&] {
      const auto first = own_slots(target);
      const auto second = own_slots(source);
      return stage == Stage::kHanded ? first.owned.overlaps(second.owned) : first.open.without(second.open).overlaps(second.owned);
    };
    return wait_until(is_there, 60s, 0ms) ? std::optional(ends) : std::nullopt;
  }
  struct OwnSlots {
    SlotSet owned;
    SlotSet open;
  };
  static OwnSlots own_slots(SyncClient& client) {
    const auto nodes = valkey::parse::parse_cluster_nodes(client.call({"CLUSTER", "NODES"}).value().text).value();
    OwnSlots slots{.owned = nodes.myself()->slots, .open = {}};
    for (const auto& open : nodes.open_slots) slots.open.add(open.slot);
    return slots;
  }

  // By the states that the source's server tells. Whoever gives slots owns some already: its server can be asked.
  std::optional<Ends> wait_for_export(Stage stage) {
    std::map<std::string, SyncClient> givers;
    const auto status = cluster_.status();
    if (!status) return std::nullopt;
    for (const auto& shard : status->shards())
      if (shard.slots() > 0) givers.emplace(shard.pods(0).name(), cluster_.admin_client(shard.pods(0).name()));
    std::optional<Ends> ends;
    const auto is_there = [&] {
      for (auto& [name, client] : givers) {
        const auto list = client.call({"CLUSTER", "GETSLOTMIGRATIONS"});
        if (!list || list->items.empty()) continue;
        std::map<std::string, std::string> fields;
        const auto& newest = list->items.front().items;
        for (std::size_t i = 0; i + 1 < newest.size(); i += 2) fields[newest[i].text] = newest[i + 1].text;
        if (fields["operation"] == "EXPORT" && !seen_.contains(fields["name"]) && is_at(stage, fields["state"])) {
          seen_.insert(fields["name"]);
          ends = Ends{name, pod_of(fields["target_node"])};
          return true;
        }
      }
      return false;
    };
    return wait_until(is_there, 60s, 1ms) ? ends : std::nullopt;
  }
  // What is in the servers' lists before a leg is not of that leg.
  void note_earlier() {
    if (!is_atomic()) return;
    for (const auto& pod : cluster_.pods()) {
      const auto list = cluster_.admin_client(pod.name).call({"CLUSTER", "GETSLOTMIGRATIONS"});
      for (const auto& migration : list.value().items)
        for (std::size_t i = 0; i + 1 < migration.items.size(); i += 2)
          if (migration.items[i].text == "name") seen_.insert(migration.items[i + 1].text);
    }
  }
  std::string pod_of(const std::string& node) {
    const auto status = cluster_.status().value_or(admin::v1::ClusterStatus{});
    for (const auto& shard : status.shards())
      for (const auto& pod : shard.pods())
        if (pod.node_id() == node) return pod.name();
    return {};
  }
  static bool is_at(Stage stage, const std::string& state) {
    if (state == "failed" || state == "cancelled") return false;
    if (stage == Stage::kEnding) return state == "success";
    if (stage == Stage::kWaitsToPause) return state == "waiting-to-pause";
    if (stage == Stage::kGranted) return state == "failover-granted";
    const bool has_begun = state == "snapshotting" || state == "replicating";
    return stage == Stage::kMiddle ? has_begun : has_begun || state != "success";
  }

  void hurt(const Ends& ends) {
    switch (GetParam().victim) {
      case Victim::kCoordinator:
        cluster_.kill_coordinator();
        cluster_.start_coordinator();
        return;
      case Victim::kSourceAgent: return kill(cluster_.pod(ends.source).agent);
      case Victim::kTargetAgent: return kill(cluster_.pod(ends.target).agent);
      case Victim::kSourceServer: return kill(cluster_.pod(ends.source).server);
      case Victim::kTargetServer: return kill(cluster_.pod(ends.target).server);
      case Victim::kConnections: cut(ends.source); return cut(ends.target);
      case Victim::kTargetHangs: return hang(cluster_.pod(ends.target).server);
    }
  }
  static void kill(pid_t process) {
    ASSERT_NE(process, 0);
    ASSERT_EQ(::kill(process, SIGKILL), 0);
  }
  // Every connection but those of replication: clients, agents, and what servers move slots over.
  void cut(const std::string& pod) {
    auto admin = cluster_.admin_client(pod);
    const std::string self = std::to_string(admin.call({"CLIENT", "ID"}).value().integer);
    std::istringstream list(admin.call({"CLIENT", "LIST"}).value().text);
    for (std::string line; std::getline(list, line);) {
      const std::string id = line.substr(3, line.find(' ') - 3);
      const bool replicates = line.find(" flags=S") != std::string::npos || line.find(" flags=M") != std::string::npos;
      if (id != self && !replicates) static_cast<void>(admin.call({"CLIENT", "KILL", "ID", id}));
    }
  }
  // Shorter than the node timeout: nobody takes over.
  void hang(pid_t server) {
    ASSERT_EQ(::kill(server, SIGSTOP), 0);
    static_cast<void>(wait_until([] { return false; }, 3s));
    ASSERT_EQ(::kill(server, SIGCONT), 0);
  }

  void expect_moved(int shards) {
    const bool even = cluster_.wait_for([&](const auto& status) { return is_even(status, shards, 1 + options_.replicas_per_shard); }, 90s);
    ASSERT_TRUE(even) << shards << " shards: " << cluster_.status_text() << told(cluster_);
    EXPECT_TRUE(wait_until([&] { return open_slots(cluster_).empty(); }, 10s)) << open_slots(cluster_);
    const auto count = checker_->acknowledged();
    ASSERT_TRUE(wait_until([&] { return checker_->acknowledged() > count + 100; })) << "no writes with " << shards << " shards";
  }

  LocalClusterOptions options_ = options_for(GetParam().line);
  LocalCluster cluster_{options_};
  std::optional<MixedData> data_;
  std::optional<WriteChecker> checker_;
  std::set<std::string> seen_;  // atomic migrations that a stage was found in
};

TEST_P(MoveKill, AtEachStageLosesNothing) {
  ASSERT_NO_FATAL_FAILURE(start());
  std::uint64_t kills = 0;
  for (const Stage stage : stages()) {
    options_.shards = options_.shards == 3 ? 4 : 3;
    ASSERT_NO_FATAL_FAILURE(hold_at(stage));
    note_earlier();
    cluster_.write_manifest(options_);
    const auto ends = wait_for_stage(stage);
    ASSERT_TRUE(ends) << "stage " << static_cast<int>(stage) << " was not seen: " << cluster_.status_text() << told(cluster_);
    ASSERT_NO_FATAL_FAILURE(hurt(*ends));
    let_go();
    ++kills;
    ASSERT_NO_FATAL_FAILURE(expect_moved(options_.shards)) << "stage " << static_cast<int>(stage);
  }
  checker_->stop();
  const auto report = checker_->verify();
  std::cout << to_text(report);
  EXPECT_EQ(report.failed, 0U) << to_text(report);
  EXPECT_EQ(report.wrong, 0U) << to_text(report);
  EXPECT_EQ(report.unreadable, 0U) << to_text(report);
  EXPECT_LE(report.lost, kills_a_server() ? kUnsentPerKillMax * kills : 0) << to_text(report) << told(cluster_);
  const auto read = data_->read();
  std::cout << to_text(read);
  EXPECT_TRUE(read.is_clean()) << to_text(read) << told(cluster_);
}

std::vector<Sweep> sweeps() {
  std::vector<Sweep> all;
  for (const auto line : kValkeyLines) {
    const std::string engine = line == ValkeyLine::k8 ? "Keys8" : "Atomic9";
    for (const auto& [name, victim] : {std::pair{"Coordinator", Victim::kCoordinator},
                                       {"SourceAgent", Victim::kSourceAgent},
                                       {"TargetAgent", Victim::kTargetAgent},
                                       {"SourceServer", Victim::kSourceServer},
                                       {"TargetServer", Victim::kTargetServer},
                                       {"Connections", Victim::kConnections},
                                       {"TargetHangs", Victim::kTargetHangs}})
      all.push_back({engine + name, line, victim});
  }
  return all;
}
INSTANTIATE_TEST_SUITE_P(, MoveKill, testing::ValuesIn(sweeps()), [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace shardkeeper::test
