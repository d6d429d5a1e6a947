// The volume without servers: what stands in the files, and who is told. With real servers: tests/unit/launch.
#include "agent/io/pod_volume.h"

#include "agent/io/gate_files.h"
#include "agent/io/volume_layout.h"
#include "agent/prepare/prepare.h"
#include "common/net/asio_scheduler.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/volume/lock_holder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <filesystem>

namespace shardkeeper::agent {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const std::string kId = "0123456789abcdef0123456789abcdef";
const std::string kOther = "fedcba9876543210fedcba9876543210";

class PodVolumeTest : public testing::Test {
 protected:
  PodVolumeTest() {
    test::write_file(folder_ / "launch-program", "x");
    PrepareOptions options;
    options.volume = dir_;
    options.launch_binary = folder_ / "launch-program";
    options.settings.pod = PodName("pod-a");
    options.settings.cluster_uid = "uid";
    options.settings.announce.ip = "127.1.2.3";
    options.settings.replication.password = "feed";
    prepare(options).value();
    open();
  }

  void open() {
    volume_ = PodVolume::open(loop_, scheduler_, dir_, 1h).value();  // so that only events count
    volume_->on_gate_change([this] { ++changes_; });
  }
  void request(const std::string& id, const std::string& version = "9.1.2") const {
    test::write_file(dir_ / layout::kRequest, id + " " + version + "\n");
  }

  template <typename Condition>
  bool loop_until(Condition condition, std::chrono::milliseconds deadline = 10s) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      loop_.restart();
      loop_.run_one_for(5ms);
    }
    return condition();
  }

  test::TempDir folder_;
  const std::filesystem::path dir_ = folder_ / "v";
  boost::asio::io_context loop_;
  AsioScheduler scheduler_{loop_};
  int changes_ = 0;
  std::unique_ptr<PodVolume> volume_;
};

TEST_F(PodVolumeTest, AFreshVolumeIsDeadAndNobodyWaits) {
  EXPECT_EQ(volume_->gate(), GateState{});
  EXPECT_TRUE(volume_->gate().is_known_dead());
  EXPECT_FALSE(volume_->gate().is_waiting());
  EXPECT_EQ(volume_->token(), FenceToken{});
  EXPECT_EQ(volume_->last_life(), std::nullopt);
  EXPECT_EQ(volume_->launch_error(), "");
}

TEST_F(PodVolumeTest, TellsOfARequestAtOnce) {
  request(kId);
  ASSERT_TRUE(loop_until([&] { return changes_ == 1; }));
  EXPECT_TRUE(volume_->gate().is_waiting());
  EXPECT_EQ(volume_->gate().request, (StartRequest{StartId(kId), {9, 1, 2}}));
}

TEST_F(PodVolumeTest, TellsOfTheLockWhenTheGrantIsUsedUp) {
  request(kId);
  ASSERT_TRUE(volume_->grant(StartId(kId), "because"));
  ASSERT_TRUE(loop_until([&] { return volume_->gate().start_granted && changes_ > 0; }));
  EXPECT_FALSE(volume_->gate().is_known_dead()) << "a start is on its way";
  changes_ = 0;
  test::LockHolder server(dir_ / layout::kLock);
  std::filesystem::remove(dir_ / layout::kGrant);
  ASSERT_TRUE(loop_until([&] { return changes_ > 0; }));
  EXPECT_TRUE(volume_->gate().lock_held);
  changes_ = 0;
  server.kill();
  ASSERT_TRUE(loop_until([&] { return changes_ > 0; }));
  EXPECT_TRUE(volume_->gate().is_known_dead());
}

TEST_F(PodVolumeTest, AGrantOfAnEarlierStartIsNone) {
  request(kId);
  ASSERT_TRUE(volume_->grant(StartId(kId), "because"));
  request(kOther);
  EXPECT_FALSE(volume_->gate().start_granted);
  EXPECT_TRUE(volume_->gate().is_waiting());
}

TEST_F(PodVolumeTest, GrantsOnlyTheNewestRequest) {
  auto granted = volume_->grant(StartId(kId), "because");
  ASSERT_FALSE(granted);
  EXPECT_EQ(granted.error().kind, ErrorKind::kRefused);
  EXPECT_THAT(to_string(granted.error()), HasSubstr("nothing waits"));
  request(kOther);
  granted = volume_->grant(StartId(kId), "because");
  ASSERT_FALSE(granted);
  EXPECT_EQ(granted.error().kind, ErrorKind::kRefused);
  EXPECT_THAT(to_string(granted.error()), HasSubstr(kOther));
  EXPECT_FALSE(std::filesystem::exists(dir_ / layout::kGrant));
}

TEST_F(PodVolumeTest, GrantsNothingWhileAServerRuns) {
  const test::LockHolder server(dir_ / layout::kLock);
  request(kId);
  const auto granted = volume_->grant(StartId(kId), "because");
  ASSERT_FALSE(granted);
  EXPECT_EQ(granted.error().kind, ErrorKind::kRefused);
  EXPECT_THAT(to_string(granted.error()), HasSubstr("a server runs"));
}

TEST_F(PodVolumeTest, GrantsTheSameStartTwiceWithoutHarm) {
  request(kId);
  ASSERT_TRUE(volume_->grant(StartId(kId), "because"));
  std::filesystem::remove(dir_ / layout::kServerConf);
  ASSERT_TRUE(volume_->grant(StartId(kId), "because"));
  EXPECT_FALSE(std::filesystem::exists(dir_ / layout::kServerConf)) << "the first grant stands; nothing is written under a starting server";
}

TEST_F(PodVolumeTest, GrantsNoVersionThatIsTooOld) {
  request(kId, "7.2.5");
  const auto granted = volume_->grant(StartId(kId), "because");
  ASSERT_FALSE(granted);
  EXPECT_EQ(granted.error().kind, ErrorKind::kInvalid);
  EXPECT_THAT(to_string(granted.error()), HasSubstr("7.2.5"));
  EXPECT_FALSE(std::filesystem::exists(dir_ / layout::kGrant));
}

TEST_F(PodVolumeTest, GrantsNothingWhenTheSettingsAreDamaged) {
  request(kId);
  test::write_file(dir_ / layout::kSettings, "{");
  const auto granted = volume_->grant(StartId(kId), "because");
  ASSERT_FALSE(granted);
  EXPECT_EQ(granted.error().kind, ErrorKind::kInvalid);
  EXPECT_FALSE(std::filesystem::exists(dir_ / layout::kGrant));
}

TEST_F(PodVolumeTest, KeepsTheHighestToken) {
  ASSERT_TRUE(volume_->keep_token({7}));
  ASSERT_TRUE(volume_->keep_token({3}));
  EXPECT_EQ(volume_->token(), FenceToken{7});
  open();
  EXPECT_EQ(volume_->token(), FenceToken{7});
}

TEST_F(PodVolumeTest, ATokenThatCannotBeWrittenIsNotTaken) {
  std::filesystem::remove_all(dir_);
  const auto kept = volume_->keep_token({7});
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(volume_->token(), FenceToken{});
}

TEST_F(PodVolumeTest, ADamagedTokenIsNoToken) {
  for (const char* const text : {"", "7", "x\n", "7 \n", "7\n7\n"}) {
    test::write_file(dir_ / layout::kToken, text);
    const auto opened = PodVolume::open(loop_, scheduler_, dir_);
    ASSERT_FALSE(opened) << text;
    EXPECT_EQ(opened.error().kind, ErrorKind::kInvalid);
  }
}

TEST_F(PodVolumeTest, KeepsALife) {
  LastLife life{NodeId::parse(std::string(40, 'a')).value(), Role::kReplica, {}, {}};
  life.replication.replication_id = "r";
  volume_->keep_life(life);
  open();
  EXPECT_EQ(volume_->last_life(), life);
}

TEST_F(PodVolumeTest, PassesLaunchsTroubleOn) {
  test::write_file(dir_ / layout::kLaunchError, "cannot execute the server /x\n");
  ASSERT_TRUE(loop_until([&] { return changes_ > 0; }));
  EXPECT_EQ(volume_->launch_error(), "cannot execute the server /x");
}

TEST_F(PodVolumeTest, GarbageInTheGatesFilesLetsNobodyIn) {
  test::write_file(dir_ / layout::kRequest, std::string(100'000, 'x'));
  test::write_file(dir_ / layout::kGrant, "x\n");
  EXPECT_EQ(volume_->gate(), GateState{});
}

TEST_F(PodVolumeTest, CannotBeOpenedUnprepared) {
  const auto opened = PodVolume::open(loop_, scheduler_, folder_ / "nothing");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kInvalid);
  EXPECT_THAT(to_string(opened.error()), HasSubstr("prepare"));
}

TEST_F(PodVolumeTest, EndsWithWorkUnderWay) {
  request(kId);  // the event is in the queue
  volume_.reset();
  loop_.restart();
  loop_.run_for(20ms);
  EXPECT_EQ(changes_, 0);
}

}  // namespace
}  // namespace shardkeeper::agent
