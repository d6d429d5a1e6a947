// The pure parts of moving slots.
#include "agent/migrate/keys_engine.h"
#include "agent/migrate/migrate_call.h"
#include "agent/migrate/move_budget.h"
#include "agent/migrate/slot_counts.h"
#include "agent/migrate/slot_migrations.h"
#include "agent/migrate/slot_setter.h"
#include "tests/support/fake_server_port.h"

#include <gtest/gtest.h>

namespace shardkeeper::agent {
namespace {

using namespace std::chrono_literals;
using test::id_text;
using test::node_id;
using valkey::Reply;
using Mode = command::SetSlots::Mode;

Reply text(std::string value) { return {Reply::Kind::kText, std::move(value), 0, {}}; }
Reply number(std::int64_t value) { return {Reply::Kind::kInteger, "", value, {}}; }
Reply list(std::vector<Reply> items) { return {Reply::Kind::kArray, "", 0, std::move(items)}; }
Reply error(std::string text) { return {Reply::Kind::kError, std::move(text), 0, {}}; }

TEST(SlotCounts, AreReadWithAndWithoutOtherStatistics) {
  SlotCounts counts;
  const Reply reply = list({list({number(5), list({text("key-count"), number(3)})}),
                            list({number(6), list({text("key-count"), number(0), text("cpu-usec"), number(9)})})});
  ASSERT_TRUE(read_slot_counts(reply, counts));
  EXPECT_EQ(counts, (SlotCounts{{5, 3}, {6, 0}}));
  EXPECT_FALSE(read_slot_counts(list({list({number(99'999), list({})})}), counts));
  EXPECT_FALSE(read_slot_counts(list({number(1)}), counts));
}

TEST(SlotCounts, FirstSlotsKeepBothBoundsButAreNeverNone) {
  const SlotCounts counts{{1, 10}, {2, 10}, {3, 100}, {4, 1}};
  EXPECT_EQ(to_string(first_slots(SlotSet::of(0, 9), counts, 100, 25)), "0-2");
  EXPECT_EQ(to_string(first_slots(SlotSet::of(0, 9), counts, 2, 1'000)), "0-1");
  EXPECT_EQ(to_string(first_slots(SlotSet::of(3, 9), counts, 2, 5)), "3") << "one that is too big goes alone";
  EXPECT_EQ(to_string(first_slots({}, counts, 2, 5)), "");
}

TEST(SlotMigrations, AreReadFromFlatLists) {
  const auto read = read_slot_migrations(
      list({list({text("name"), text("abc"), text("operation"), text("EXPORT"), text("slot_ranges"), text("0-9 20-29"), text("target_node"),
                  text(id_text('b')), text("state"), text("snapshotting"), text("message"), text(""), text("cow_size"), number(5)})}));
  ASSERT_TRUE(read) << to_string(read.error());
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ(to_string((*read)[0].slots), "0-9,20-29");
  EXPECT_EQ((*read)[0].target, node_id('b'));
  EXPECT_FALSE((*read)[0].is_over());
  EXPECT_FALSE(read_slot_migrations(text("OK")));
  EXPECT_FALSE(read_slot_migrations(list({list({text("state"), text("success")})}))) << "no name";
  EXPECT_FALSE(read_slot_migrations(list({list({text("slot_ranges"), text("5-99999")})})));
}

TEST(MigrateCall, CarriesTheLoginAndAllKeys) {
  const auto call = migrate_call({7, {"a", "b"}, 10}, {"10.0.0.1", 6379, 1}, {"u", "p"}, 2500ms);
  EXPECT_EQ(call,
            (std::vector<std::string>{"MIGRATE", "10.0.0.1", "6379", "", "0", "2500", "REPLACE", "AUTH2", "u", "p", "KEYS", "a", "b"}));
  EXPECT_EQ(migrate_call({7, {"a"}, 10}, {"10.0.0.1", 6379, 1}, {}, 1s)[7], "KEYS") << "no login where there is none";
}

TEST(MigrateCall, AnswersMeanWhatToDo) {
  const auto answer = [](const std::string& text) { return read_migrate_answer(error(text)); };
  EXPECT_EQ(read_migrate_answer({Reply::Kind::kStatus, "OK", 0, {}}), MigrateAnswer::kMoved);
  EXPECT_EQ(read_migrate_answer({Reply::Kind::kStatus, "NOKEY", 0, {}}), MigrateAnswer::kMoved);
  EXPECT_EQ(answer("IOERR error or timeout reading to target instance"), MigrateAnswer::kTryAgain);
  EXPECT_EQ(answer("NOREPLICAS Not enough good replicas to write."), MigrateAnswer::kTryAgain);
  EXPECT_EQ(answer("ERR Target instance replied with error: LOADING Valkey is loading"), MigrateAnswer::kTryAgain);
  EXPECT_EQ(answer("ERR Target instance replied with error: OOM command not allowed"), MigrateAnswer::kGiveUp);
  EXPECT_EQ(answer("ERR Target instance replied with error: NOAUTH Authentication required."), MigrateAnswer::kGiveUp);
  EXPECT_EQ(answer("ERR Target instance replied with error: ERR Bad data format"), MigrateAnswer::kOneByOne);
  EXPECT_EQ(answer("ERR Target instance replied with error: BUSYKEY Target key name already exists."), MigrateAnswer::kOneByOne);
  EXPECT_EQ(answer("NOPERM User x has no permissions to run the 'migrate' command"), MigrateAnswer::kGiveUp);
  EXPECT_EQ(answer("ERR unknown command 'MIGRATE', with args beginning with:"), MigrateAnswer::kGiveUp);
}

TEST(MigrateCall, AFailureNamesKeySlotAndReason) {
  EXPECT_EQ(describe_failure({7, {"a\n"}, 1}, "OOM x"), "MIGRATE of key \"a?\" in slot 7: OOM x");
  EXPECT_EQ(describe_failure({7, {"a", "b"}, 1}, "OOM x"), "MIGRATE of 2 keys from key \"a\" in slot 7: OOM x");
}

TEST(MoveBudget, ShrinksAtOnceAndGrowsSlowly) {
  MoveBudget budget(0);
  const auto before = budget.bytes_max();
  EXPECT_EQ(budget.moved(before, 10, 40ms), Duration(0));
  EXPECT_EQ(budget.bytes_max(), before / 2);
  budget.moved(1, 1, 1ms);
  EXPECT_EQ(budget.bytes_max(), before / 2) << "a small batch says nothing about a large one";
  for (int i = 0; i < 100; ++i) budget.moved(budget.bytes_max(), budget.keys_max(), 1ms);
  EXPECT_EQ(budget.bytes_max(), 4U << 20U);
  EXPECT_EQ(budget.keys_max(), 1000U);
  for (int i = 0; i < 100; ++i) budget.moved(budget.bytes_max(), budget.keys_max(), 1s);
  EXPECT_EQ(budget.bytes_max(), 16U << 10U);
  EXPECT_EQ(budget.keys_max(), 64U);
}

// As often as the source listens somebody says something, and seldom where it listens seldom: a rate would not tell.
TEST(MoveBudget, RestsOnlyWhereClientsWait) {
  MoveBudget budget(0);
  const auto rest_after = [&](int batches, std::optional<std::int64_t> commands) {
    for (int i = 0; i < batches; ++i) budget.moved(1, 1, 2ms);
    budget.others_sent(commands);
    return budget.moved(1, 1, 30ms);
  };
  EXPECT_EQ(rest_after(0, -7), Duration(0)) << "the first look says nothing yet";
  EXPECT_EQ(rest_after(99, 93), Duration(0)) << "100 commands in 100 batches";
  EXPECT_EQ(rest_after(99, 194), Duration(45ms)) << "101";
  EXPECT_EQ(rest_after(0, 210), Duration(0)) << "a few are nobody who waits";
  EXPECT_EQ(rest_after(0, std::nullopt), Duration(45ms)) << "the source does not say";
  EXPECT_EQ(rest_after(9, 300), Duration(45ms)) << "as before until two looks can be told apart";
  EXPECT_EQ(rest_after(9, 300), Duration(0));
}

TEST(MoveBudget, WaitsOutALimit) {
  MoveBudget budget(1'000'000);
  EXPECT_EQ(budget.moved(100'000, 10, 20ms), Duration(80ms));
  EXPECT_EQ(budget.moved(100'000, 10, 200ms), Duration(0)) << "slower than the limit";
}

struct Table {
  explicit Table(const std::string& own_slots, const std::string& open = "", const std::string& flags = "myself,master",
                 const std::string& slots_of_d = "", char primary_of_c = 'b') {
    const std::string slots = own_slots + (open.empty() ? "" : " " + open);
    const auto parsed = valkey::parse::parse_cluster_nodes(
        test::FakeServerPort::row('a', "127.0.0.1:6379@16379", flags, flags == "myself,slave" ? id_text('b') : "-", 1, slots) +
        test::FakeServerPort::row('b', "127.0.0.2:6379@16379", "master", "-", 2, "200-299") +
        test::FakeServerPort::row('c', "127.0.0.3:6379@16379", "slave", id_text(primary_of_c), 2) +
        test::FakeServerPort::row('d', "127.0.0.4:6379@16379", "master,fail", "-", 3, slots_of_d));
    nodes = parsed.value();
  }
  valkey::parse::ClusterNodes nodes;
};

std::string to_set(Mode mode, const SlotSet& slots, char node, const Table& table, const std::optional<NodeId>& from = std::nullopt) {
  const auto set = slots_to_set({slots, mode, node_id(node), from}, table.nodes);
  return set ? to_string(*set) : to_string(set.error());
}

TEST(SlotsToSet, LeavesOutWhatIsSo) {
  const Table table("0-99", "[5->-" + id_text('b') + "] [300-<-" + id_text('b') + "]");
  EXPECT_EQ(to_set(Mode::kMigrating, SlotSet::of(4, 6), 'b', table), "4,6");
  EXPECT_EQ(to_set(Mode::kImporting, SlotSet::of(300, 301), 'b', table), "301");

  EXPECT_EQ(to_set(Mode::kStable, SlotSet::of(0, 310), 'b', table), "5,300");
  EXPECT_EQ(to_set(Mode::kNode, SlotSet::of(99, 201), 'b', table), "99-199");
}

TEST(SlotsToSet, RefusesWhatWouldLoseTrackOfKeys) {
  const Table table("0-99");
  EXPECT_EQ(to_set(Mode::kImporting, SlotSet::of(99, 100), 'b', table), "set-slots: this node owns slots 99 itself");
  EXPECT_EQ(to_set(Mode::kMigrating, SlotSet::of(99, 100), 'b', table), "set-slots: slots 100 are not this node's");
  EXPECT_EQ(to_set(Mode::kNode, SlotSet::of(1, 1), 'c', table), "set-slots: node cccccccc is a replica");
  EXPECT_EQ(to_set(Mode::kNode, SlotSet::of(1, 1), 'e', table), "set-slots: this node has not heard of eeeeeeee yet");
  EXPECT_EQ(to_set(Mode::kNode, SlotSet::of(0, 9'999), 'b', table), "set-slots: 10000 slots are named, at most 512 at once");
  EXPECT_EQ(to_set(Mode::kStable, SlotSet::of(1, 1), 'b', Table("", "", "myself,slave")),
            "set-slots: this node is a replica; slots are set at its primary");
}

TEST(SlotsToSet, WaitsForTheTableToListAReplicaThatIsOnline) {
  const auto check = [](const std::string& ip, const Table& table) {
    const auto listed = check_replicas_are_listed({{{ip, 6379, 0}, 0}}, table.nodes);
    return listed ? "" : to_string(listed.error());
  };
  const std::string c_is_unheard_of = "set-slots: this node has not heard yet that cccccccc is its replica; it would not get the flags";
  EXPECT_EQ(check("127.0.0.3", Table("0-99")), c_is_unheard_of) << "b's in the table still";
  EXPECT_EQ(check("127.0.0.9", Table("0-99")), "") << "no member, a backup perhaps";
  const Table lists_c("0-99", "", "myself,master", "", 'a');
  EXPECT_EQ(check("127.0.0.3", lists_c), "");
  EXPECT_EQ(check("127.0.0.4", lists_c), "") << "with one in the table the server passes flags on to all that are online";
}

// Node b has epoch 2 and slots 200-299, d epoch 3 and, where a test says so, slots; this node is a with epoch 1.
TEST(SlotsToSet, RefusesWhatMovedMeanwhile) {
  const auto from = [](char node) { return std::optional(node_id(node)); };
  const Table table("0-99", "", "myself,master", "300-399");
  EXPECT_EQ(to_set(Mode::kNode, SlotSet::of(200, 201), 'a', table, from('b')), "200-201");
  EXPECT_EQ(to_set(Mode::kNode, SlotSet::of(0, 1), 'a', table, from('b')), "") << "mine already";
  EXPECT_EQ(to_set(Mode::kNode, SlotSet::of(299, 300), 'a', table, from('b')),
            "set-slots: slots 300 are node dddddddd's by now, not bbbbbbbb's");
  EXPECT_EQ(to_set(Mode::kNode, SlotSet::of(200, 200), 'a', table, from('d')),
            "set-slots: this node has not heard yet that dddddddd owns slots 200")
      << "the epoch of what it knows is lower";
  EXPECT_EQ(to_set(Mode::kNode, SlotSet::of(500, 500), 'a', table, from('b')),
            "set-slots: this node knows no owner of slots 500; bbbbbbbb is to give them");
  EXPECT_EQ(to_set(Mode::kImporting, SlotSet::of(300, 300), 'b', table, from('b')),
            "set-slots: slots 300 are node dddddddd's by now, not bbbbbbbb's");
  EXPECT_EQ(to_set(Mode::kImporting, SlotSet::of(200, 202), 'b', table, from('b')), "200-202");
  EXPECT_EQ(to_set(Mode::kImporting, SlotSet::of(300, 300), 'b', table), "300") << "who names no giver is not checked";
}

std::string source(const SlotSet& slots, const Table& table, char target = 'b') {
  const MigrationJob job{.id = "m", .slots = slots, .target_pod = PodName("t"), .target_node = node_id(target)};
  const auto view = read_source(job, table.nodes);
  return view ? to_string(view->moved) + "|" + to_string(view->todo) : view.error().detail;
}

TEST(ReadSource, TellsWhatIsLeftToMove) {
  EXPECT_EQ(source(SlotSet::of(50, 60), Table("0-99")), "|50-60");
  EXPECT_EQ(source(SlotSet::of(90, 99).united(SlotSet::of(200, 210)), Table("0-99")), "200-210|90-99") << "some have moved before";
  EXPECT_EQ(source(SlotSet::of(90, 101), Table("0-99")), "slots 100-101 are neither this node's nor the target's");
  EXPECT_EQ(source(SlotSet::of(5, 6), Table("0-99", "[5->-" + id_text('b') + "]")), "|5-6") << "half moved to this target: go on";
  EXPECT_EQ(source(SlotSet::of(5, 6), Table("0-99", "[5->-" + id_text('d') + "]")), "|5-6") << "half moved to a dead one";
  EXPECT_EQ(source(SlotSet::of(5, 6), Table("0-99", "[5->-" + id_text('c') + "]")), "|5-6")
      << "half moved to what is the target's replica now";
  EXPECT_EQ(source(SlotSet::of(5, 6), Table("0-99", "[5->-" + id_text('b') + "]"), 'd'),
            "slot 5 is half moved to node bbbbbbbb; finish that move first");
  EXPECT_EQ(source(SlotSet::of(5, 6), Table("0-99"), 'c'), "the target t is a replica");
}

}  // namespace
}  // namespace shardkeeper::agent
