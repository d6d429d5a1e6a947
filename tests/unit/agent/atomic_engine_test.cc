// A server's own migrations where answers do not come, where somebody cancels, and what progress shows.
#include "agent/migrate/atomic_engine.h"

#include "agent/migrate/slot_setter.h"
#include "tests/support/fake_peer_calls.h"
#include "tests/support/fake_scheduler.h"
#include "tests/support/fake_server_port.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace shardkeeper::agent {
namespace {

using namespace std::chrono_literals;
using test::id_text;
using test::node_id;
using valkey::Reply;
using Stage = MigrationProgress::Stage;

// As much of a 9.1 server as the engine asks for. Slots 0-99 are its own, each with 10 keys.
class AtomicServer final : public valkey::ServerPort {
 public:
  explicit AtomicServer(Scheduler& scheduler) : scheduler_(scheduler) {}

  void call(std::vector<std::string> arguments, Done done) override {
    const std::string name = arguments[0] + " " + (arguments.size() > 1 ? arguments[1] : "");
    const bool begins = name == "CLUSTER MIGRATESLOTS";
    if (begins) ++requests;
    if (is_silent) return scheduler_.post([done = std::move(done)] { done(unknown_outcome("server", "no reply within 5 s")); });
    if (begins && !refusal.empty())
      return scheduler_.post([done = std::move(done), this] { done(Reply{Reply::Kind::kError, refusal, 0, {}}); });
    if (begins && loses_request) return lose(done, request_arrives_after, arguments);
    scheduler_.post([done = std::move(done), reply = answer(name, arguments)] { done(reply); });
  }
  std::uint64_t calls_made() const override { return 0; }
  bool is_connected() const override { return true; }
  void on_connection(std::function<void(bool)>) override {}

  struct Export {
    std::string slots;
    std::string state;
    std::string message;
    std::int64_t waiting_bytes = 0;
  };
  std::vector<Export> exports;  // newest last
  int requests = 0;
  int cancels = 0;
  bool is_silent = false;                         // every answer is lost
  std::string refusal;                            // the answer to MIGRATESLOTS
  bool loses_request = false;                     // no answer to MIGRATESLOTS …
  std::optional<Duration> request_arrives_after;  // … though it is carried out; none: it never arrives
  std::uint64_t exported_bytes = 1'000'000;       // INFO's counter

 private:
  static Reply number(std::int64_t value) { return {Reply::Kind::kInteger, "", value, {}}; }
  static Reply text(std::string value) { return {Reply::Kind::kText, std::move(value), 0, {}}; }
  static Reply list(std::vector<Reply> items) { return {Reply::Kind::kArray, "", 0, std::move(items)}; }

  void lose(const Done& done, const std::optional<Duration>& arrives, const std::vector<std::string>& arguments) {
    if (arrives) late_.push_back(scheduler_.after(*arrives, [this, arguments] { begin(arguments); }));
    late_.push_back(scheduler_.after(5s, [done] { done(unknown_outcome("server", "no reply within 5 s")); }));
  }
  void begin(const std::vector<std::string>& arguments) { exports.push_back({arguments[3] + "-" + arguments[4], "snapshotting", "", 0}); }
  Reply answer(const std::string& name, const std::vector<std::string>& arguments) {
    if (name == "CLUSTER NODES")
      return text(test::FakeServerPort::row('a', "127.0.0.1:6379@16379", "myself,master", "-", 1, "0-99") +
                  test::FakeServerPort::row('b', "127.0.0.2:6379@16379", "master", "-", 2));
    if (name == "CLUSTER SLOT-STATS") return stats(std::stoi(arguments[3]), std::stoi(arguments[4]));
    if (name == "CLUSTER GETSLOTMIGRATIONS") return migrations();
    if (name == "CLUSTER CANCELSLOTMIGRATIONS") return cancel();
    if (name.starts_with("INFO"))
      return text("used_memory_dataset:100000\r\ntotal_net_cluster_slot_export_bytes:" + std::to_string(exported_bytes) +
                  "\r\ndb0:keys=1000,expires=0,avg_ttl=0\r\n");
    begin(arguments);
    return {Reply::Kind::kStatus, "OK", 0, {}};
  }
  Reply stats(int first, int last) {
    Reply reply = list({});
    for (int slot = first; slot <= last; ++slot) reply.items.push_back(list({number(slot), list({text("key-count"), number(10)})}));
    return reply;
  }
  Reply cancel() {
    ++cancels;
    for (auto& one : exports)
      if (one.state != "success" && one.state != "failed") one.state = "cancelled";
    return {Reply::Kind::kStatus, "OK", 0, {}};
  }
  Reply migrations() {
    Reply reply = list({});
    for (std::size_t i = exports.size(); i-- > 0;)
      reply.items.push_back(
          list({text("name"), text(id_text(static_cast<char>('0' + i))), text("operation"), text("EXPORT"), text("slot_ranges"),
                text(exports[i].slots), text("target_node"), text(id_text('b')), text("state"), text(exports[i].state), text("message"),
                text(exports[i].message), text("remaining_repl_size"), number(exports[i].waiting_bytes)}));
    return reply;
  }

  Scheduler& scheduler_;
  std::vector<std::unique_ptr<Timer>> late_;
};

class AtomicEngineTest : public testing::Test {
 protected:
  void start() {
    engine_.start();
    scheduler_.run_for(50ms);
  }
  void target_owns(const SlotSet& slots) {
    NodeState state;
    state.condition = ServerCondition::kUp;
    state.node_id = node_id('b');
    state.slots = slots;
    peers_.states["t"] = state;
  }
  // The newest one goes through.
  void succeed() {
    server_.exports.back().state = "success";
    target_owns(SlotSet::of(0, 99));
    scheduler_.run_for(50ms);
  }

  test::FakeScheduler scheduler_;
  AtomicServer server_{scheduler_};
  test::FakePeerCalls peers_{scheduler_};
  ServerPool pool_{scheduler_, {}, server_};
  SlotSetter setter_{scheduler_, pool_};
  MigrationProgress progress_{.target_node = node_id('b')};
  std::string ended_ = "runs";
  EngineParts parts() {
    return {.scheduler = scheduler_,
            .servers = pool_,
            .slots = setter_,
            .calls = peers_,
            .self = node_id('a'),
            .node_timeout = 5s,
            .replication = {},
            .progress = progress_,
            .changed = [] {},
            .ended = [this](Stage stage,
                            const std::string& error) { ended_ = std::string(to_string(stage)) + (error.empty() ? "" : ": " + error); }};
  }
  MigrationJob job_{.id = "m", .slots = SlotSet::of(0, 99), .target_pod = PodName("t"), .target_node = node_id('b')};
  AtomicEngine engine_{job_, parts()};
};

TEST_F(AtomicEngineTest, FollowsAMigrationToItsEnd) {
  start();
  ASSERT_EQ(server_.exports.size(), 1U) << ended_;
  EXPECT_EQ(progress_.keys_total, 1'000U);
  succeed();
  EXPECT_EQ(ended_, "done");
  EXPECT_EQ(progress_.keys_done, 1'000U);
}

TEST_F(AtomicEngineTest, AdoptsAMigrationWhoseRequestGotNoAnswer) {
  server_.loses_request = true;
  server_.request_arrives_after = 4s;
  start();
  scheduler_.run_for(6s);
  EXPECT_EQ(ended_, "runs");
  succeed();
  EXPECT_EQ(ended_, "done");
  EXPECT_EQ(server_.requests, 1) << "never sent again blindly";
}

TEST_F(AtomicEngineTest, AdoptsOneThatTheServerReadsAfterItsNextAnswer) {
  server_.loses_request = true;
  server_.request_arrives_after = 6s;
  target_owns({});
  start();
  scheduler_.run_for(6s);
  EXPECT_EQ(ended_, "runs");
  scheduler_.run_for(100ms);
  succeed();
  EXPECT_EQ(ended_, "done");
}

TEST_F(AtomicEngineTest, SaysThatARequestNeverArrived) {
  server_.loses_request = true;
  target_owns({});
  start();
  scheduler_.run_for(8s);
  EXPECT_EQ(ended_, "failed: it was not begun: server: no reply within 5 s");
}

TEST_F(AtomicEngineTest, TakesOwnershipForAnAnswer) {
  server_.loses_request = true;
  target_owns(SlotSet::of(0, 99));
  start();
  scheduler_.run_for(8s);
  EXPECT_EQ(ended_, "done");
}

TEST_F(AtomicEngineTest, FollowsWhatAnEarlierJobBegan) {
  server_.exports = {{"0-49", "snapshotting", "", 0}};
  start();
  EXPECT_EQ(server_.requests, 0) << "the server refuses slots that are on their way";
  server_.exports[0].state = "success";
  target_owns(SlotSet::of(0, 49));
  scheduler_.run_for(100ms);
  ASSERT_EQ(server_.exports.size(), 2U);
  EXPECT_EQ(server_.exports[1].slots, "50-99");
  succeed();
  EXPECT_EQ(ended_, "done");
  EXPECT_EQ(progress_.keys_done, 1'000U);
}

TEST_F(AtomicEngineTest, LeavesSomebodyElsesMigrationAlone) {
  server_.exports = {{"200-299", "snapshotting", "", 0}};
  start();
  EXPECT_EQ(ended_, "failed: the server is at another migration, of slots 200-299; it is left to end");
}

TEST_F(AtomicEngineTest, CancelsAtOnce) {
  start();
  engine_.cancel();
  scheduler_.run_for(50ms);
  EXPECT_EQ(ended_, "cancelled");
}

// The target may own the slots already: a source that is let go writes what nobody will read.
TEST_F(AtomicEngineTest, DoesNotCancelTheLastStep) {
  start();
  server_.exports[0].state = "failover-granted";
  scheduler_.run_for(50ms);
  EXPECT_TRUE(progress_.is_handing_over);
  engine_.cancel();
  scheduler_.run_for(1s);
  EXPECT_EQ(server_.cancels, 0);
  succeed();
  EXPECT_EQ(ended_, "done");
  EXPECT_FALSE(progress_.is_handing_over);
}

TEST_F(AtomicEngineTest, TellsWhyTheServerRefuses) {
  server_.refusal = "NOPERM User shardkeeper has no permissions to run the 'cluster|migrateslots' command";
  start();
  EXPECT_TRUE(ended_.starts_with("failed: CLUSTER MIGRATESLOTS: " + server_.refusal)) << ended_;
  EXPECT_EQ(server_.requests, 1);
}

TEST_F(AtomicEngineTest, TellsWhyTheServerGaveUp) {
  start();
  server_.exports[0].message = "Migration failed on target: OOM command not allowed when used memory > 'maxmemory'.";
  server_.exports[0].state = "failed";
  scheduler_.run_for(50ms);
  EXPECT_EQ(ended_, "failed: " + server_.exports[0].message);
  EXPECT_EQ(server_.requests, 1) << "whether to try again is the coordinator's decision";
}

TEST_F(AtomicEngineTest, SomebodyElsesCancelIsAFailure) {
  start();
  server_.exports[0].state = "cancelled";
  scheduler_.run_for(50ms);
  EXPECT_EQ(ended_, "failed: somebody cancelled it at the server (CLUSTER CANCELSLOTMIGRATIONS)");
}

TEST_F(AtomicEngineTest, CallsOffWhatWritersKeepFromItsLastStep) {
  start();
  server_.exports[0].state = "waiting-to-pause";
  scheduler_.run_for(59s);
  EXPECT_EQ(ended_, "runs");
  EXPECT_EQ(server_.cancels, 0);
  server_.exports[0].state = "replicating";  // it went back a step: that is another stall
  scheduler_.run_for(1s);
  server_.exports[0].state = "waiting-to-pause";
  scheduler_.run_for(59s);
  EXPECT_EQ(server_.cancels, 0);
  scheduler_.run_for(2s);
  EXPECT_EQ(server_.cancels, 1);
  EXPECT_TRUE(ended_.starts_with("failed: called off: clients wrote for a minute without a pause")) << ended_;
}

TEST_F(AtomicEngineTest, GivesUpAServerThatIsSilentForHalfAMinute) {
  start();
  server_.is_silent = true;
  scheduler_.run_for(29s);
  EXPECT_EQ(ended_, "runs") << "one that forks answers late";
  server_.is_silent = false;
  scheduler_.run_for(1s);
  server_.is_silent = true;
  scheduler_.run_for(29s);
  EXPECT_EQ(ended_, "runs") << "it was heard meanwhile";
  scheduler_.run_for(3s);
  EXPECT_TRUE(ended_.starts_with("failed: ")) << ended_;
  EXPECT_NE(ended_.find("no reply"), std::string::npos) << ended_;
  EXPECT_EQ(server_.requests, 1);
}

TEST_F(AtomicEngineTest, TellsBytesAndKeysOnTheWay) {
  start();
  server_.exported_bytes += 25'000;  // of about 100,000: a thousand keys with a hundred bytes each
  scheduler_.run_for(300ms);
  EXPECT_EQ(progress_.bytes_done, 25'000U);
  EXPECT_EQ(progress_.keys_done, 250U);
  server_.exported_bytes += 175'000;  // they are larger on the wire
  scheduler_.run_for(300ms);
  EXPECT_EQ(progress_.keys_done, 999U) << "all of them only when the target has them";
  server_.exports[0].state = "replicating";
  succeed();
  EXPECT_EQ(progress_.keys_done, 1'000U);
  EXPECT_EQ(progress_.bytes_done, 200'000U);
}

// Keys have a hundred bytes each: two seconds at 10,000 bytes/s are 200 keys, 20 slots.
TEST_F(AtomicEngineTest, KeepsALimitByPartsAndPauses) {
  progress_.bytes_per_second = 10'000;
  AtomicEngine limited(job_, parts());
  limited.start();
  scheduler_.run_for(50ms);
  ASSERT_EQ(server_.exports.size(), 1U);
  EXPECT_EQ(server_.exports[0].slots, "0-19");
  server_.exported_bytes += 20'000;
  succeed();
  scheduler_.run_for(1800ms);
  EXPECT_EQ(server_.exports.size(), 1U) << "that was two seconds' worth";
  scheduler_.run_for(300ms);
  ASSERT_EQ(server_.exports.size(), 2U);
  EXPECT_EQ(server_.exports[1].slots, "20-39");
  server_.exported_bytes += 20'000;
  succeed();
  limited.cancel();
  scheduler_.run_for(1ms);
  EXPECT_EQ(ended_, "cancelled") << "a pause is not waited out";
}

TEST_F(AtomicEngineTest, AnotherLimitHoldsFromTheNextPartOn) {
  progress_.bytes_per_second = 10'000;
  AtomicEngine limited(job_, parts());
  limited.start();
  scheduler_.run_for(50ms);
  server_.exported_bytes += 20'000;
  succeed();
  ASSERT_EQ(server_.exports.size(), 1U) << "two seconds' worth: a pause";
  progress_.bytes_per_second = 20'000;
  limited.throttle();
  scheduler_.run_for(600ms);
  EXPECT_EQ(server_.exports.size(), 1U) << "at the new limit it was one second's worth";
  scheduler_.run_for(600ms);
  ASSERT_EQ(server_.exports.size(), 2U);
  EXPECT_EQ(server_.exports[1].slots, "20-59");
}

TEST(ExportMeter, BelievesTheServerOnceTheSnapshotIsSent) {
  ExportMeter meter;
  meter.begin_part(1'000, {.exported_bytes = 500, .dataset_bytes = 1'000'000, .keys = 1'000});
  meter.see({.exported_bytes = 100'500, .dataset_bytes = 0, .keys = 0}, std::nullopt);
  EXPECT_EQ(meter.keys_done(), 100U);
  meter.see({.exported_bytes = 100'500, .dataset_bytes = 0, .keys = 0}, 100'000);
  EXPECT_EQ(meter.keys_done(), 500U);
  meter.see({.exported_bytes = 50'000, .dataset_bytes = 0, .keys = 0}, 50'000);  // CONFIG RESETSTAT
  EXPECT_EQ(meter.bytes_done(), 150'000U);
  EXPECT_EQ(meter.keys_done(), 750U);
  meter.end_part();
  EXPECT_EQ(meter.keys_done(), 1'000U);
  EXPECT_EQ(meter.bytes_done(), 150'000U);
}

TEST(ExportMeter, EstimatesWhereTheServerDoesNotCount) {
  ExportMeter meter;
  const ExportSample silent{.exported_bytes = std::nullopt, .dataset_bytes = 1'000'000, .keys = 1'000};
  meter.begin_part(10, silent);
  meter.see(silent, 0);
  EXPECT_EQ(meter.keys_done(), 0U);
  meter.end_part();
  EXPECT_EQ(meter.keys_done(), 10U);
  EXPECT_EQ(meter.bytes_done(), 10'000U);
}

TEST(ExportMeter, ReadsInfo) {
  const auto read = read_export_sample("# Memory\r\nused_memory_dataset:7\r\ndb0:keys=3,expires=0\r\ndb2:keys=40,expires=1\r\n");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, (ExportSample{.exported_bytes = std::nullopt, .dataset_bytes = 7, .keys = 43}));
  EXPECT_FALSE(read_export_sample("no colon"));
}

}  // namespace
}  // namespace shardkeeper::agent
