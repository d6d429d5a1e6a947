// Setting slots where replicas lag, where clients write in between, and where the table is not up to date.
#include "agent/migrate/slot_setter.h"

#include "tests/support/fake_scheduler.h"
#include "tests/support/fake_server_port.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace shardkeeper::agent {
namespace {

using namespace std::chrono_literals;
using test::FakeServerPort;
using test::id_text;
using test::node_id;
using valkey::Reply;
using Mode = command::SetSlots::Mode;

// As much of a server as SetSlots asks for: node a, without slots of its own.
class SlotServer final : public valkey::ServerPort {
 public:
  explicit SlotServer(Scheduler& scheduler) : scheduler_(scheduler) {}

  void call(std::vector<std::string> arguments, Done done) override {
    scheduler_.post([done = std::move(done), reply = answer(arguments)] { done(reply); });
  }
  std::uint64_t calls_made() const override { return 0; }
  bool is_connected() const override { return true; }
  void on_connection(std::function<void(bool)>) override {}

  std::set<int> importing{5, 6};          // from b
  std::string replica_of = id_text('b');  // node c's primary in the table
  std::string replicas;                   // INFO's lines
  std::map<int, std::vector<int>> keys;   // by slot: what COUNTKEYSINSLOT answers, one after the other, the last one again and again
  int no_replicas = 0;                    // so many SETSLOT are answered with NOREPLICAS first
  std::vector<std::string> set;           // "5 STABLE" …

 private:
  static Reply text(std::string value) { return {Reply::Kind::kText, std::move(value), 0, {}}; }

  Reply answer(const std::vector<std::string>& arguments) {
    if (arguments[0] == "INFO")
      return text("role:master\r\n" + replicas + "master_replid:" + id_text('e') + "\r\nmaster_repl_offset:9\r\n");
    if (arguments[1] == "NODES")
      return text(FakeServerPort::row('a', "127.0.0.1:6379@16379", "myself,master", "-", 1, flags()) +
                  FakeServerPort::row('b', "127.0.0.2:6379@16379", "master", "-", 2, "0-99") +
                  FakeServerPort::row('c', "127.0.0.3:6379@16379", "slave", replica_of, 2));
    if (arguments[1] == "COUNTKEYSINSLOT") return count(std::stoi(arguments[2]));
    set.push_back(arguments[2] + " " + arguments[3]);
    if (std::exchange(no_replicas, std::max(0, no_replicas - 1)) > 0)
      return {Reply::Kind::kError, "NOREPLICAS Not enough good replicas to write.", 0, {}};
    if (arguments[3] == "STABLE") importing.erase(std::stoi(arguments[2]));
    if (arguments[3] == "IMPORTING") importing.insert(std::stoi(arguments[2]));
    return {Reply::Kind::kStatus, "OK", 0, {}};
  }
  std::string flags() const {
    std::string text;
    for (const int slot : importing) text += (text.empty() ? "[" : " [") + std::to_string(slot) + "-<-" + id_text('b') + "]";
    return text;
  }
  Reply count(int slot) {
    auto& left = keys[slot];
    const int now = left.empty() ? 0 : left.front();
    if (left.size() > 1) left.erase(left.begin());
    return {Reply::Kind::kInteger, "", now, {}};
  }

  Scheduler& scheduler_;
};

class SlotSetterTest : public testing::Test {
 protected:
  std::string carry_out(const SlotSet& slots, Mode mode) {
    std::string said = "nothing";
    setter_.set({slots, mode, node_id('b'), std::nullopt}, [&](const Result<command::Outcome>& outcome) {
      said = !outcome ? to_string(outcome.error()) : outcome->already_so ? "already so" : "done";
    });
    scheduler_.run_for(1s);
    return said;
  }

  test::FakeScheduler scheduler_;
  SlotServer server_{scheduler_};
  ServerPool pool_{scheduler_, {}, server_};
  SlotSetter setter_{scheduler_, pool_};
  using Calls = std::vector<std::string>;
};

TEST_F(SlotSetterTest, ASlotThatReplicasDidNotAcknowledgeIsSetOnceAgain) {
  server_.no_replicas = 1;
  EXPECT_EQ(carry_out(SlotSet::of(7, 7), Mode::kImporting), "done");
  EXPECT_EQ(server_.set, (Calls{"7 IMPORTING", "7 IMPORTING"}));
}

TEST_F(SlotSetterTest, AndOnlyOnce) {
  server_.no_replicas = 2;
  EXPECT_TRUE(
      carry_out(SlotSet::of(7, 7), Mode::kImporting).starts_with("CLUSTER SETSLOT 7: NOREPLICAS Not enough good replicas to write."));
  EXPECT_EQ(server_.set.size(), 2U);
}

TEST_F(SlotSetterTest, SlotsWhoseKeysWouldBeOutOfReachStayOpen) {
  server_.keys[6] = {3};
  EXPECT_EQ(carry_out(SlotSet::of(5, 6), Mode::kStable),
            "set-slots: this node holds keys of slots 6, which it does not own; finish moving them");
  EXPECT_EQ(server_.set, (Calls{"5 STABLE"}));
}

TEST_F(SlotSetterTest, ASlotThatAClientWroteToMeanwhileIsOpenedAgain) {
  server_.keys[5] = {0, 1};
  EXPECT_EQ(carry_out(SlotSet::of(5, 6), Mode::kStable),
            "set-slots: this node holds keys of slots 5, which it does not own; finish moving them");
  EXPECT_EQ(server_.set, (Calls{"5 STABLE", "6 STABLE", "5 IMPORTING"}));
}

TEST_F(SlotSetterTest, NothingIsSetWhereAReplicaWouldNotHearOfIt) {
  server_.replicas = "slave0:ip=127.0.0.3,port=6379,state=online,offset=9,lag=0\r\n";
  EXPECT_EQ(carry_out(SlotSet::of(7, 7), Mode::kImporting),
            "set-slots: this node has not heard yet that cccccccc is its replica; it would not get the flags");
  EXPECT_TRUE(server_.set.empty());
  server_.replica_of = id_text('a');
  EXPECT_EQ(carry_out(SlotSet::of(7, 7), Mode::kImporting), "done");
}

}  // namespace
}  // namespace shardkeeper::agent
