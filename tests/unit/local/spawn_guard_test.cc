#include "coordinator/platform/local/spawn_guard.h"

#include "tests/unit/local/platform_fixture.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace shardkeeper::platform::local {
namespace {

using testing::HasSubstr;

class SpawnGuardTest : public testing::Test {
 protected:
  const test::TempDir temp_;
  const std::filesystem::path pipe_ = temp_ / "spawning";
};

TEST_F(SpawnGuardTest, IsFreeOnceItsHolderHasGone) {
  {
    const auto first = SpawnGuard::take(pipe_, 0ms);
    ASSERT_TRUE(first) << to_string(first.error());
    const auto second = SpawnGuard::take(pipe_, 0ms);
    ASSERT_FALSE(second);
    EXPECT_THAT(to_string(second.error()), HasSubstr(pipe_.string() + ": held for longer than 0 ms by a coordinator that lives"));
  }
  EXPECT_TRUE(SpawnGuard::take(pipe_, 0ms));
}

TEST_F(SpawnGuardTest, WaitsForAForkedHolderAndNoLonger) {
  auto first = SpawnGuard::take(pipe_, 0ms);
  ASSERT_TRUE(first);
  int starter[2];
  ASSERT_EQ(::pipe(starter), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char word = 0;
    ::close(starter[1]);
    ::_exit(static_cast<int>(::read(starter[0], &word, 1)));
  }
  first = unavailable("test", "given up");  // as the death of a coordinator closes it
  ASSERT_FALSE(SpawnGuard::take(pipe_, 0ms)) << "its child holds it still";
  std::thread ends_later([&] { ::close(starter[1]); });
  EXPECT_TRUE(SpawnGuard::take(pipe_, 20s));
  ends_later.join();
  ::waitpid(child, nullptr, 0);
  ::close(starter[0]);
}

TEST_F(SpawnGuardTest, SaysWhatIsInTheWay) {
  const auto taken = SpawnGuard::take(temp_ / "no/such/folder", 0ms);
  ASSERT_FALSE(taken);
  EXPECT_THAT(to_string(taken.error()), HasSubstr("the pipe cannot be made: No such file or directory"));
}

}  // namespace
}  // namespace shardkeeper::platform::local
