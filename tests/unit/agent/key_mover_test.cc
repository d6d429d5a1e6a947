// Moving keys where real servers do not go wrong on demand.
#include "agent/migrate/key_mover.h"

#include "agent/migrate/slot_setter.h"
#include "tests/support/fake_peer_calls.h"
#include "tests/support/fake_scheduler.h"
#include "tests/support/fake_server_port.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace shardkeeper::agent {
namespace {

using namespace std::chrono_literals;
using test::node_id;
using valkey::Reply;

// As much of a source as moving keys asks for: keys by slot, and what MIGRATE says to which key.
class SourcePort final : public valkey::ServerPort {
 public:
  explicit SourcePort(Scheduler& scheduler) : scheduler_(scheduler) {}

  void call(std::vector<std::string> arguments, Done done) override {
    ++calls;
    if (arguments[0] == "MIGRATE") {
      sent_to = arguments[1];
      under_way_max = std::max(under_way_max, ++under_way);
      timeouts.insert(arguments[5]);
    }
    if (arguments[0] == "MIGRATE" && arguments[1] == silent_relay) {
      migrated.push_back({std::ranges::find(arguments, "KEYS") + 1, arguments.end()});
      waiting_ = std::move(done);
      return;
    }
    scheduler_.post([this, done = std::move(done), reply = answer(arguments), is_move = arguments[0] == "MIGRATE"] {
      if (is_move) --under_way;
      done(reply);
    });
  }
  // As a server does whose connection to the target ends.
  void break_off() {
    if (!waiting_) return;
    scheduler_.post([done = std::move(waiting_)] { done(error("ERR Target instance replied with error: ERR broken off")); });
    waiting_ = nullptr;
  }
  std::uint64_t calls_made() const override { return calls; }
  bool is_connected() const override { return true; }
  void on_connection(std::function<void(bool)>) override {}

  std::map<int, std::set<std::string>> keys;
  std::map<std::string, std::int64_t> sizes;
  std::map<std::string, std::string> errors;  // key → MIGRATE's reply as long as that key is in the call
  std::string migrate_error;                  // whatever the key
  int migrate_errors_left = 1'000'000;
  bool can_size = true;
  bool hides_keys = false;                         // counts them but does not list them: another database
  std::vector<std::vector<std::string>> migrated;  // keys of each call
  std::string silent_relay;                        // MIGRATE to there is not answered before it ends
  std::string sent_to;                             // the last MIGRATE
  std::uint64_t calls = 0;
  std::optional<std::uint64_t> others_calls = 0;  // as INFO counts them beside; none: it may not be asked
  std::uint64_t others_calls_per_look = 0;
  int under_way = 0;  // MIGRATEs
  int under_way_max = 0;
  std::set<std::string> timeouts;

 private:
  static Reply number(std::int64_t value) { return {Reply::Kind::kInteger, "", value, {}}; }
  static Reply text(std::string value) { return {Reply::Kind::kText, std::move(value), 0, {}}; }
  static Reply error(std::string value) { return {Reply::Kind::kError, std::move(value), 0, {}}; }
  static Reply list(std::vector<Reply> items) { return {Reply::Kind::kArray, "", 0, std::move(items)}; }

  Reply answer(const std::vector<std::string>& call) {
    if (call[0] == "MIGRATE") return migrate({std::ranges::find(call, "KEYS") + 1, call.end()});
    if (call[0] == "MEMORY") return can_size ? number(sizes.contains(call[2]) ? sizes[call[2]] : 100) : error("NOPERM no MEMORY");
    if (call[0] == "INFO") return info();
    if (call[1] == "SLOT-STATS") return count(std::stoi(call[3]), std::stoi(call[4]));
    Reply names = list({});
    for (const auto& key : keys[std::stoi(call[2])])
      if (!hides_keys && names.items.size() < static_cast<std::size_t>(std::stoi(call[3]))) names.items.push_back(text(key));
    return names;
  }
  Reply count(int first, int last) {
    Reply reply = list({});
    for (int slot = first; slot <= last; ++slot)
      reply.items.push_back(list({number(slot), list({text("key-count"), number(static_cast<std::int64_t>(keys[slot].size()))})}));
    return reply;
  }
  Reply info() {
    if (!others_calls) return error("NOPERM no INFO");
    *others_calls += others_calls_per_look;
    return text("# Stats\r\ntotal_commands_processed:" + std::to_string(calls - 1 + *others_calls) + "\r\n");
  }
  Reply migrate(const std::vector<std::string>& names) {
    migrated.push_back(names);
    if (!migrate_error.empty() && migrate_errors_left-- > 0) return error(migrate_error);
    for (const auto& name : names)
      if (errors.contains(name)) return error(errors[name]);
    for (auto& [slot, held] : keys)
      for (const auto& name : names) held.erase(name);
    return {Reply::Kind::kStatus, "OK", 0, {}};
  }

  Scheduler& scheduler_;
  Done waiting_;
};

class FakeRelay final : public Relay {
 public:
  FakeRelay(SourcePort& source, int& open) : source_(source), open_(open) { ++open_; }
  ~FakeRelay() override {
    --open_;
    source_.break_off();
  }
  void cut() override { source_.break_off(); }
  Endpoint endpoint() const override { return {.ip = "relay", .port = 7}; }

 private:
  SourcePort& source_;
  int& open_;
};

class KeyMoverTest : public testing::Test {
 protected:
  // "moved", what is stuck, or the error, after at most `limit`.
  std::string move(const SlotSet& slots, Duration limit = 60s) {
    mover_.move(slots, noted());
    scheduler_.run_for(limit);
    return result_;
  }
  std::function<void(Result<KeyMover::Stuck>)> noted() {
    return [this](const Result<KeyMover::Stuck>& moved) {
      if (!moved) return result_.assign(moved.error().detail), void();
      result_ = moved->slots.empty() ? "moved" : "all but slots " + to_string(moved->slots) + ": " + moved->why;
    };
  }

  test::FakeScheduler scheduler_;
  SourcePort port_{scheduler_};
  test::FakePeerCalls peers_{scheduler_};
  ServerPool pool_{scheduler_, {}, port_};
  SlotSetter setter_{scheduler_, pool_};
  int open_relays_ = 0;
  std::vector<RelayKind> relays_;  // opened so far
  OpenRelay open_relay_ = [this](const Endpoint& target, RelayKind kind) {
    EXPECT_EQ(target.ip, "127.0.0.2");
    relays_.push_back(kind);
    return std::unique_ptr<Relay>(std::make_unique<FakeRelay>(port_, open_relays_));
  };
  MigrationJob job_{.id = "m", .target_node = node_id('b'), .target_server = {"127.0.0.2", 6379, 16379}};
  MigrationProgress progress_{.target_node = node_id('b')};
  EngineParts parts_{.scheduler = scheduler_,
                     .servers = pool_,
                     .slots = setter_,
                     .calls = peers_,
                     .open_relay = &open_relay_,
                     .self = node_id('a'),
                     .node_timeout = 5s,
                     .replication = {},
                     .progress = progress_,
                     .changed = [] {},
                     .ended = {}};
  KeyMover mover_{job_, parts_};
  std::string result_ = "never finished";
};

TEST_F(KeyMoverTest, MovesUntilSlotsAreEmpty) {
  for (int i = 0; i < 2'500; ++i) port_.keys[i % 3].insert("key" + std::to_string(i));
  EXPECT_EQ(move(SlotSet::of(0, 9)), "moved");
  EXPECT_EQ(progress_.keys_done, 2'500U);
  EXPECT_EQ(progress_.bytes_done, 250'000U);
}

// Slots that hold few keys: the way to the source and back would take longer than the move.
TEST_F(KeyMoverTest, SendsSeveralCallsAtOnceWhereNobodyWaits) {
  for (int i = 0; i < 2'500; ++i) port_.keys[i % 500].insert("key" + std::to_string(i));
  EXPECT_EQ(move(SlotSet::of(0, 499)), "moved");
  EXPECT_EQ(port_.under_way_max, 4);
  EXPECT_EQ(port_.timeouts, (std::set<std::string>{"625"})) << "a fourth of what one may wait";
}

TEST_F(KeyMoverTest, SendsOneCallAtATimeWhereClientsWait) {
  port_.others_calls_per_look = 1'000;
  for (int i = 0; i < 2'500; ++i) port_.keys[i % 500].insert("key" + std::to_string(i));
  move(SlotSet::of(0, 0));
  port_.under_way_max = 0;
  EXPECT_EQ(move(SlotSet::of(0, 499)), "moved");
  EXPECT_EQ(port_.under_way_max, 1);
}

TEST_F(KeyMoverTest, TakesClientsToWaitWhereTheSourceDoesNotSay) {
  port_.others_calls = std::nullopt;
  for (int i = 0; i < 2'500; ++i) port_.keys[i % 500].insert("key" + std::to_string(i));
  EXPECT_EQ(move(SlotSet::of(0, 499)), "moved");
  EXPECT_EQ(port_.under_way_max, 1);
}

TEST_F(KeyMoverTest, OneOfSeveralCallsThatFailsIsNotTheEndOfTheOthers) {
  port_.keys[1] = {"a"};
  port_.keys[2] = {"bad"};
  port_.keys[3] = {"c"};
  port_.errors["bad"] = "ERR Target instance replied with error: ERR Bad data format";
  EXPECT_EQ(move(SlotSet::of(1, 3)),
            "all but slots 2: MIGRATE of key \"bad\" in slot 2: ERR Target instance replied with error: ERR Bad data format");
  EXPECT_EQ(port_.migrated.size(), 3U) << "none is moved twice";
  EXPECT_EQ(progress_.keys_done, 2U);
}

TEST_F(KeyMoverTest, KeepsABigKeyAlone) {
  port_.keys[5] = {"a", "big", "c"};
  port_.sizes["big"] = 50'000'000;
  EXPECT_EQ(move(SlotSet::of(5, 5)), "moved");
  EXPECT_EQ(port_.migrated, (std::vector<std::vector<std::string>>{{"a"}, {"big"}, {"c"}}));
}

TEST_F(KeyMoverTest, DoesWithoutSizes) {
  port_.can_size = false;
  port_.keys[5] = {"a", "b"};
  EXPECT_EQ(move(SlotSet::of(5, 5)), "moved");
}

TEST_F(KeyMoverTest, OneBadKeyHoldsUpItsOwnSlotOnly) {
  port_.keys[5] = {"a", "bad", "c"};
  port_.keys[6] = {"d", "e"};
  port_.errors["bad"] = "ERR Target instance replied with error: ERR Bad data format";
  EXPECT_EQ(move(SlotSet::of(5, 6)),
            "all but slots 5: MIGRATE of key \"bad\" in slot 5: ERR Target instance replied with error: ERR Bad data format");
  EXPECT_EQ(port_.keys[5], (std::set<std::string>{"bad", "c"})) << "what could move before it has moved";
  EXPECT_TRUE(port_.keys[6].empty());
}

TEST_F(KeyMoverTest, ManyBadKeysAreABadTarget) {
  for (int slot = 0; slot < 100; ++slot) port_.keys[slot] = {"bad"};
  port_.errors["bad"] = "ERR Target instance replied with error: ERR Bad data format";
  EXPECT_EQ(move(SlotSet::of(0, 99)), "MIGRATE of key \"bad\" in slot 16: ERR Target instance replied with error: ERR Bad data format");
  EXPECT_EQ(port_.migrated.size(), 4U + 16U) << "several at once until the first is known to be bad";
}

TEST_F(KeyMoverTest, GivesUpAtOnceWhereNoKeyWouldFareBetter) {
  for (const std::string reason : {"NOPERM User x has no permissions to run the 'migrate' command", "ERR unknown command 'MIGRATE'",
                                   "ERR Target instance replied with error: NOAUTH Authentication required.",
                                   "ERR Target instance replied with error: OOM command not allowed when used memory > 'maxmemory'."}) {
    port_.keys[5] = {"a"};
    port_.migrated.clear();
    port_.migrate_error = reason;
    EXPECT_EQ(move(SlotSet::of(5, 5)), "MIGRATE of key \"a\" in slot 5: " + reason);
    EXPECT_EQ(port_.migrated.size(), 1U);
  }
}

TEST_F(KeyMoverTest, TriesAgainWhatPasses) {
  port_.keys[5] = {"a", "b"};
  port_.migrate_error = "IOERR error or timeout reading to target instance";
  port_.migrate_errors_left = 2;
  EXPECT_EQ(move(SlotSet::of(5, 5)), "moved");
  EXPECT_EQ(port_.migrated.size(), 3U);
}

TEST_F(KeyMoverTest, ButNotForEver) {
  port_.keys[5] = {"a"};
  port_.migrate_error = "IOERR error or timeout reading to target instance";
  EXPECT_EQ(move(SlotSet::of(5, 5)), "MIGRATE of key \"a\" in slot 5: IOERR error or timeout reading to target instance");
  EXPECT_EQ(port_.migrated.size(), 4U);
}

TEST_F(KeyMoverTest, NoticesKeysThatItCannotSee) {
  port_.keys[5] = {"in database 3"};
  port_.hides_keys = true;
  EXPECT_EQ(move(SlotSet::of(5, 5)),
            "all but slots 5: 1 keys stay in slot 5 whatever is moved; this engine moves database 0 only, the atomic one moves all");
}

TEST_F(KeyMoverTest, StopsBetweenBatches) {
  for (int i = 0; i < 500; ++i) port_.keys[i].insert("key" + std::to_string(i));
  mover_.move(SlotSet::of(0, 499), noted());
  mover_.stop();
  scheduler_.run_for(1s);
  EXPECT_EQ(result_, "stopped");
  EXPECT_TRUE(port_.migrated.empty());
}

// A limit of ten bytes a second makes pauses of many seconds.
TEST_F(KeyMoverTest, StopsAtOnceInThePauseOfALimit) {
  progress_.bytes_per_second = 10;
  KeyMover slow(job_, parts_);
  port_.keys[5] = {"a"};
  port_.keys[6] = {"b"};
  port_.sizes = {{"a", 10'000}, {"b", 10'000}};  // more than goes at once where a limit holds
  slow.move(SlotSet::of(5, 6), noted());
  scheduler_.run_for(1s);
  ASSERT_EQ(port_.migrated.size(), 1U);
  slow.stop();
  EXPECT_EQ(result_, "never finished") << "not from within stop()";
  scheduler_.run_for(1ms);
  EXPECT_EQ(result_, "stopped");
  EXPECT_EQ(port_.migrated.size(), 1U);
}

TEST_F(KeyMoverTest, AnotherLimitEndsThePauseOfTheOldOne) {
  progress_.bytes_per_second = 10;
  KeyMover slow(job_, parts_);
  for (int slot = 5; slot < 9; ++slot) {
    port_.keys[slot] = {"key" + std::to_string(slot)};
    port_.sizes["key" + std::to_string(slot)] = 10'000;
  }
  slow.move(SlotSet::of(5, 8), noted());
  scheduler_.run_for(1s);
  ASSERT_EQ(port_.migrated.size(), 1U);
  slow.throttle();
  scheduler_.run_for(1s);
  ASSERT_EQ(port_.migrated.size(), 2U) << "the next batch, and another pause of the same limit";
  progress_.bytes_per_second = 0;
  slow.throttle();
  scheduler_.run_for(1s);
  EXPECT_EQ(result_, "moved");
}

TEST_F(KeyMoverTest, AnotherLimitDoesNotShortenThePauseBeforeARetry) {
  port_.keys[5] = {"a"};
  port_.migrate_error = "IOERR error or timeout reading to target instance";
  mover_.move(SlotSet::of(5, 5), noted());
  scheduler_.run_for(50ms);
  const auto tried = port_.migrated.size();
  mover_.throttle();
  scheduler_.run_for(1ms);
  EXPECT_EQ(port_.migrated.size(), tried);
}

TEST_F(KeyMoverTest, StopsAtOnceInThePauseBeforeARetry) {
  port_.keys[5] = {"a"};
  port_.migrate_error = "IOERR error or timeout reading to target instance";
  mover_.move(SlotSet::of(5, 5), noted());
  scheduler_.run_for(50ms);
  mover_.stop();
  scheduler_.run_for(1ms);
  EXPECT_EQ(result_, "stopped");
}

TEST_F(KeyMoverTest, SendsASlowValueThroughARelayAndAllElseWithout) {
  port_.keys[7] = {"big", "small"};
  port_.sizes["big"] = 50'000'000;
  EXPECT_EQ(move(SlotSet::of(7, 7)), "moved");
  EXPECT_EQ(relays_, std::vector{RelayKind::kPlain});
  EXPECT_EQ(open_relays_, 0);
  EXPECT_EQ(port_.migrated.size(), 2U) << "it goes alone";
  EXPECT_EQ(port_.sent_to, "127.0.0.2") << "of the small one, which comes later in the alphabet";
}

TEST_F(KeyMoverTest, BreaksOffASlowValueBeforeItsServerIsTakenForDead) {
  port_.keys[7] = {"big"};
  port_.keys[8] = {"small"};
  port_.sizes["big"] = 50'000'000;
  port_.silent_relay = "relay";
  mover_.move(SlotSet::of(7, 8), noted());
  scheduler_.run_for(2900ms);
  EXPECT_EQ(open_relays_, 1);
  scheduler_.run_for(200ms);
  EXPECT_EQ(open_relays_, 0) << "three fifths of the node timeout have passed";
  scheduler_.run_for(60s);
  EXPECT_EQ(relays_.size(), static_cast<std::size_t>(KeyMover::kCutsMax));
  EXPECT_EQ(result_,
            "all but slots 7: MIGRATE of key \"big\" in slot 7: it stopped its server for 3.0 s, and was broken off before the others "
            "could think it dead; raise cluster-node-timeout (5.0 s), or move it where servers have less to do");
  EXPECT_TRUE(port_.keys[8].empty()) << "the other slots go on";
}

TEST_F(KeyMoverTest, GivesASlowValueUpThoughOthersComeAndGo) {
  port_.keys[7] = {"big", "a"};
  port_.sizes["big"] = 50'000'000;
  port_.silent_relay = "relay";
  mover_.move(SlotSet::of(7, 7), noted());
  for (int i = 0; i < 60; ++i) {
    port_.keys[7].insert("a" + std::to_string(i));
    scheduler_.run_for(1s);
  }
  EXPECT_EQ(relays_.size(), static_cast<std::size_t>(KeyMover::kCutsMax));
  EXPECT_TRUE(result_.starts_with("all but slots 7")) << result_;
}

TEST_F(KeyMoverTest, TriesASlowValueAgain) {
  port_.keys[7] = {"big"};
  port_.sizes["big"] = 50'000'000;
  port_.silent_relay = "relay";
  mover_.move(SlotSet::of(7, 7), noted());
  scheduler_.run_for(3100ms);
  port_.silent_relay.clear();
  scheduler_.run_for(4800ms);
  EXPECT_EQ(relays_.size(), 1U) << "clients are served for a node timeout";
  scheduler_.run_for(60s);
  EXPECT_EQ(result_, "moved");
  EXPECT_EQ(relays_.size(), 2U);
}

TEST_F(KeyMoverTest, TranslatesEverythingThroughOneRelay) {
  port_.keys[7] = {"a"};
  port_.keys[8] = {"b"};
  mover_.translate();
  EXPECT_EQ(move(SlotSet::of(7, 8)), "moved");
  EXPECT_EQ(relays_, std::vector{RelayKind::kTranslating});
}

}  // namespace
}  // namespace shardkeeper::agent
