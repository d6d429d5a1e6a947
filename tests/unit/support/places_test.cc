#include "tests/support/child_process.h"
#include "tests/support/loopback.h"
#include "tests/support/temp_dir.h"
#include "tests/support/valkey_binaries.h"
#include "tests/support/wait_until.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

TEST(TempDir, IsEmptyAndGoesAwayWithItsFiles) {
  auto folder = std::make_unique<TempDir>();
  const auto path = folder->path();
  EXPECT_TRUE(std::filesystem::is_empty(path));
  EXPECT_LT(path.string().size(), 60U) << "unix sockets need room";
  write_file(path / "a", "text");
  EXPECT_EQ(read_file(path / "a"), "text");
  folder.reset();
  EXPECT_EQ(std::filesystem::exists(path), std::getenv("SHARDKEEPER_KEEP_TEMP") != nullptr);
}

TEST(WaitUntil, ReturnsFalseAtTheDeadline) {
  EXPECT_FALSE(wait_until([] { return false; }, 20ms));
}

TEST(WaitUntil, AsksAtLeastOnce) {
  EXPECT_TRUE(wait_until([] { return true; }, 0ms));
}

TEST(LoopbackBlock, TwoDiffer) {
  const LoopbackBlock a, b;
  EXPECT_NE(a.prefix(), b.prefix());
  EXPECT_EQ(a.address(7), a.prefix() + "7");
}

TEST(FreePort, NobodyListensThere) { EXPECT_FALSE(accepts_connections("127.0.0.1", free_port())); }

class ValkeyBinaries : public testing::TestWithParam<ValkeyLine> {};
INSTANTIATE_TEST_SUITE_P(Lines, ValkeyBinaries, testing::ValuesIn(kValkeyLines),
                         [](const auto& info) { return "Valkey" + to_string(info.param); });

TEST_P(ValkeyBinaries, AreOfTheirVersion) {
  EXPECT_EQ(valkey_version(GetParam()).rfind(to_string(GetParam()) + ".", 0), 0U) << valkey_version(GetParam());
  for (const auto& program : {valkey_server(GetParam()), valkey_cli(GetParam())}) {
    const Finished version = run({.program = program, .arguments = {"--version"}}, 10s);
    EXPECT_EQ(version.status.code, 0);
    EXPECT_NE((version.output + " ").find((program.filename() == "valkey-cli" ? "valkey-cli " : "v=") + to_string(GetParam()) + "."),
              std::string::npos)
        << program << " says: " << version.output;
  }
}

}  // namespace
}  // namespace shardkeeper::test
