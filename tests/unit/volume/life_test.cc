#include "agent/io/pod_volume_life.h"

#include "agent/io/volume_layout.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace shardkeeper::agent {
namespace {

const std::string kFirst(40, '1');
const std::string kSecond(40, '2');

LastLife a_life(const std::string& id) {
  LastLife life{NodeId::parse(id).value(), Role::kPrimary, SlotSet::of(0, 5460), {}};
  life.replication.replication_id = std::string(40, 'a');
  life.replication.offset_bytes = 1234567890123ULL;
  life.replication.has_synced = true;
  life.replication.link_down_for = std::chrono::milliseconds(17);
  life.replication.online_replicas = {{{"127.1.2.3", 6379, 23456}, 99}, {{"127.1.2.4", 6379, 23456}, 98}};
  return life;
}

std::string nodes_conf(const std::string& id) {
  return id + " 127.1.2.3:6379@23456,,tcp-port=6379,shard-id=" + std::string(40, 'f') +
         ",nodename=pod myself,master - 0 0 3 connected 5-9\n" + "vars currentEpoch 3 lastVoteEpoch 0\n";
}

class LastLifeOnVolume : public testing::Test {
 protected:
  void write(const char* name, const std::string& text) const {
    std::filesystem::create_directories((volume_ / name).parent_path());
    test::write_file(volume_ / name, text);
  }
  std::optional<LastLife> read() const { return read_last_life(volume_.path()); }

  test::TempDir volume_;
};

TEST(Life, IsReadAsItWasWritten) { EXPECT_EQ(parse_life(life_text(a_life(kFirst))).value(), a_life(kFirst)); }

TEST(Life, ThatIsDamagedIsRefused) {
  for (const char* const text : {"", "{}", "[]", R"({"node_id": "x", "role": "primary"})", R"({"node_id": 3})"})
    EXPECT_FALSE(parse_life(text)) << text;
  std::string text = life_text(a_life(kFirst));
  EXPECT_FALSE(parse_life(text.substr(0, text.size() / 2)));
  EXPECT_FALSE(parse_life(text.replace(text.find("primary"), 7, "chief")));
}

TEST_F(LastLifeOnVolume, IsNoneWhereNoServerRan) { EXPECT_EQ(read(), std::nullopt); }

TEST_F(LastLifeOnVolume, IsTheKeptOneWhenNodesConfAgrees) {
  write(layout::kLife, life_text(a_life(kFirst)));
  write(layout::kNodesConf, nodes_conf(kFirst));
  EXPECT_EQ(read(), a_life(kFirst));
}

TEST_F(LastLifeOnVolume, IsTheKeptOneWhenTheMovedNodesConfAgrees) {
  write(layout::kLife, life_text(a_life(kFirst)));
  write(layout::kLastNodesConf, nodes_conf(kFirst));
  EXPECT_EQ(read(), a_life(kFirst));
}

TEST_F(LastLifeOnVolume, IsWhatNodesConfSaysAboutANodeThatTheAgentMissed) {
  write(layout::kLife, life_text(a_life(kFirst)));
  write(layout::kLastNodesConf, nodes_conf(kFirst));
  write(layout::kNodesConf, nodes_conf(kSecond));
  const LastLife expected{NodeId::parse(kSecond).value(), Role::kPrimary, SlotSet::of(5, 9), {}};
  EXPECT_EQ(read(), expected);
}

TEST_F(LastLifeOnVolume, IsTheKeptOneWhereTheServerLeftNothing) {
  write(layout::kLife, life_text(a_life(kFirst)));
  write(layout::kNodesConf, "");
  EXPECT_EQ(read(), a_life(kFirst));
}

TEST_F(LastLifeOnVolume, DoesWithoutADamagedLife) {
  write(layout::kLife, "garbage");
  write(layout::kNodesConf, nodes_conf(kFirst));
  ASSERT_TRUE(read());
  EXPECT_EQ(read()->node_id.str(), kFirst);
}

}  // namespace
}  // namespace shardkeeper::agent
