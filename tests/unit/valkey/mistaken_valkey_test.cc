// What check_mistaken repairs, on real servers: a node that takes a replica for a primary for good, until the primary's epoch is raised.
#include "tests/support/loopback.h"
#include "tests/support/temp_dir.h"
#include "tests/support/valkey_process.h"
#include "tests/support/wait_until.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

class MistakenOnRealServers : public testing::TestWithParam<ValkeyLine> {
 protected:
  // A server that has the first one's shard-id, as a new replica has whose words came in the wrong order.
  ValkeyProcess& start(int number, int epoch) {
    const auto folder = folder_ / std::to_string(number);
    std::filesystem::create_directory(folder);
    const std::string ip = block_.address(number);
    write_file(folder / "nodes.conf", fmt::format("{} {}:6379@16379,,tls-port=0,shard-id={} myself,master - 0 0 {} connected\n"
                                                  "vars currentEpoch {} lastVoteEpoch 0\n",
                                                  id(number), ip, std::string(40, number == 3 ? 'f' : 'e'), epoch, epoch));
    servers_.push_back(std::make_unique<ValkeyProcess>(
        ValkeyOptions{.program = valkey_server(GetParam()), .ip = ip, .folder = folder, .settings = {{"cluster-node-timeout", "500"}}}));
    return *servers_.back();
  }
  static std::string id(int number) { return std::string(40, static_cast<char>('0' + number)); }
  static bool sees(const ValkeyProcess& viewer, int number, const std::string& flag) {
    const std::string nodes = viewer.ask({"CLUSTER", "NODES"});
    const auto at = nodes.find(id(number));
    return at != std::string::npos && nodes.substr(at, nodes.find('\n', at) - at).find(" " + flag + " ") != std::string::npos;
  }

  TempDir folder_;
  LoopbackBlock block_;
  std::vector<std::unique_ptr<ValkeyProcess>> servers_;
};

TEST_P(MistakenOnRealServers, AHigherEpochOfThePrimaryEndsIt) {
  const ValkeyProcess &primary = start(1, 1), &replica = start(2, 50), &observer = start(3, 3);
  ASSERT_EQ(primary.ask({"CLUSTER", "ADDSLOTSRANGE", "0", "8191"}), "OK");
  ASSERT_EQ(observer.ask({"CLUSTER", "ADDSLOTSRANGE", "8192", "16383"}), "OK");
  for (const auto* other : {&primary, &observer}) ASSERT_EQ(replica.ask({"CLUSTER", "MEET", other->options().ip, "6379"}), "OK");
  ASSERT_TRUE(wait_until([&] { return sees(observer, 1, "master") && sees(observer, 2, "master") && sees(replica, 1, "master"); }, 10s));
  ASSERT_TRUE(wait_until([&] { return observer.ask({"CLUSTER", "NODES"}).find(" 50 connected") != std::string::npos; }, 10s));
  ASSERT_TRUE(wait_until([&] { return observer.call({"CLUSTER", "SHARDS"}).items.size() == 2; }, 10s)) << "shard-ids came";

  ASSERT_EQ(replica.ask({"CLUSTER", "REPLICATE", id(1)}), "OK");
  const bool is_learned = wait_until([&] { return sees(observer, 2, "slave"); }, 3s);
  EXPECT_EQ(is_learned, GetParam() == ValkeyLine::k8) << "where servers have learned to help themselves the check may go";

  ASSERT_EQ(primary.ask({"CLUSTER", "BUMPEPOCH"}).substr(0, 6), "BUMPED");
  EXPECT_TRUE(wait_until([&] { return sees(observer, 2, "slave") && sees(primary, 2, "slave"); }, 10s))
      << observer.ask({"CLUSTER", "NODES"});
}
INSTANTIATE_TEST_SUITE_P(Versions, MistakenOnRealServers, testing::ValuesIn(kValkeyLines),
                         [](const auto& info) { return "Valkey" + to_string(info.param); });

}  // namespace
}  // namespace shardkeeper::test
