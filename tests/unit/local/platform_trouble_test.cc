// What a pod and the platform say when something is missing, full, taken or broken.
#include "coordinator/platform/local/ports.h"
#include "tests/unit/local/platform_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace shardkeeper::platform::local {
namespace {

using testing::HasSubstr;

class LocalTrouble : public PlatformTest {
 protected:
  bool trouble_says(const std::string& name, const std::string& text) {
    return reaches([&] { return pod(name) && pod(name)->trouble.find(text) != std::string::npos; });
  }
};

TEST_F(LocalTrouble, AnUnknownTagNamesTheTagsThereAre) {
  open();
  ASSERT_TRUE(create("cache-aaaaa", 0, cache_cluster("localhost/valkey:7.2")));
  EXPECT_TRUE(trouble_says("cache-aaaaa", "no server is named for tag 7.2; there are 8.0.1; start the coordinator with --server 7.2="));
  EXPECT_EQ(pod("cache-aaaaa")->phase, model::PodPhase::kPending);
  ASSERT_TRUE(remove("cache-aaaaa", 30s));
  EXPECT_TRUE(reaches([&] { return !pod("cache-aaaaa"); })) << "and can be removed";
}

TEST_F(LocalTrouble, AServerThatAppearsIsTaken) {
  auto given = options();
  given.servers["8.0.1"] = temp_ / "server";
  open(given);
  ASSERT_TRUE(create("cache-aaaaa"));
  EXPECT_TRUE(trouble_says("cache-aaaaa", (temp_ / "server").string() + ": server of tag 8.0.1: No such file"));
  std::filesystem::copy_file("/bin/true", temp_ / "server");
  EXPECT_TRUE(reaches([&] { return runs("cache-aaaaa") && pod("cache-aaaaa")->trouble.empty(); }));
}

TEST_F(LocalTrouble, AFailingPreparationIsQuotedAndTriedAgain) {
  open();
  wish("fail-prepare", "/volume/secrets: cannot be written: No space left on device");
  ASSERT_TRUE(create("cache-aaaaa"));
  EXPECT_TRUE(trouble_says("cache-aaaaa", "prepare ended with exit code 1: /volume/secrets: cannot be written: No space left on device"));
  no_wish("fail-prepare");
  EXPECT_TRUE(reaches([&] { return runs("cache-aaaaa"); }));
  EXPECT_TRUE(reaches([&] { return pod("cache-aaaaa")->trouble.empty(); }));
}

TEST_F(LocalTrouble, AFailingServerIsQuotedUntilItHasRunForAWhile) {
  open();
  wish("fail-launch", "launch: the folder cannot be written");
  ASSERT_TRUE(create("cache-aaaaa"));
  EXPECT_TRUE(trouble_says("cache-aaaaa", "valkey ended with exit code 1: launch: the folder cannot be written"));
  no_wish("fail-launch");
  EXPECT_TRUE(reaches([&] { return runs("cache-aaaaa"); }));
  EXPECT_NE(pod("cache-aaaaa")->trouble, "");
  EXPECT_TRUE(reaches([&] { return pod("cache-aaaaa")->trouble.empty(); }));
}

TEST_F(LocalTrouble, MissingProgramsAreRefusedAtTheStart) {
  auto given = options();
  given.agent_binary = "/no/such/agent";
  auto refused = LocalPlatform::open(loop_, scheduler_, given);
  ASSERT_FALSE(refused);
  EXPECT_THAT(to_string(refused.error()), HasSubstr("/no/such/agent: agent: No such file"));
  given = options();
  given.launch_binary = "";
  EXPECT_FALSE(LocalPlatform::open(loop_, scheduler_, given));
  given = options();
  given.workers.clear();
  EXPECT_THAT(to_string(LocalPlatform::open(loop_, scheduler_, given).error()), HasSubstr("--worker"));
}

TEST_F(LocalTrouble, AFolderThatCannotBeWrittenFailsTheCreation) {
  open();
  ASSERT_TRUE(platform_->open_cluster(cache_cluster()));
  std::filesystem::remove(temp_.path() / "s/pods");
  test::write_file(temp_.path() / "s/pods", "in the way, also for root");
  const auto failed = create("cache-aaaaa");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(to_string(failed.error()), HasSubstr("s/pods"));
  EXPECT_FALSE(pod("cache-aaaaa"));
}

TEST_F(LocalTrouble, AProcessThatCannotBeWrittenDownDoesNotRun) {
  open();
  create_running("cache-aaaaa");
  const auto server = container("cache-aaaaa", "valkey");
  const auto file = temp_.path() / "s/pods/cache-aaaaa/pod.json.new";
  std::filesystem::create_directory(file);  // the temporary file cannot be made
  ::kill(pid_of(server), SIGKILL);
  EXPECT_TRUE(trouble_says("cache-aaaaa", "pod.json: cannot be written"));
  std::filesystem::remove(file);
  EXPECT_TRUE(reaches([&] { return runs("cache-aaaaa") && pod("cache-aaaaa")->trouble.empty(); }));
  EXPECT_EQ(test::ProcessTree::descendants().size(), 2U);
}

TEST_F(LocalTrouble, TakenPortsAreSteppedOver) {
  open();
  create_running("cache-aaaaa");
  const auto first = pod("cache-aaaaa")->ip;
  const auto network = first.substr(0, first.rfind('.'));
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kAgentPort);
  ::inet_pton(AF_INET, (network + ".2").c_str(), &address.sin_addr);
  sockaddr generic{};
  std::memcpy(&generic, &address, sizeof generic);
  ASSERT_EQ(::bind(socket, &generic, sizeof address), 0);
  ASSERT_EQ(::listen(socket, 1), 0);
  create_running("cache-bbbbb");
  EXPECT_EQ(pod("cache-bbbbb")->ip, network + ".3");
  ::close(socket);
}

TEST_F(LocalTrouble, ABrokenRecordIsShownAndItsProcessesAreLeftUntilItIsRemoved) {
  open();
  create_running("cache-aaaaa");
  create_running("cache-bbbbb");
  const auto server = pid_of("cache-aaaaa", "valkey");
  platform_.reset();
  test::write_file(temp_.path() / "s/pods/cache-aaaaa/pod.json", "{\"format\":1");
  open();
  const auto shown = pod("cache-aaaaa");
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->phase, model::PodPhase::kFailed);
  EXPECT_EQ(shown->cluster.value, "cache");
  EXPECT_THAT(shown->trouble, HasSubstr("pod.json: no JSON"));
  EXPECT_THAT(shown->trouble, HasSubstr("correct the file"));
  EXPECT_TRUE(runs("cache-bbbbb")) << "the others are not concerned";
  EXPECT_TRUE(is_alive(server)) << "nothing is guessed";
  EXPECT_FALSE(create("cache-aaaaa"));
  ASSERT_TRUE(remove("cache-aaaaa", 0s));
  EXPECT_TRUE(reaches([&] { return !pod("cache-aaaaa") && !is_alive(server); }));
  EXPECT_FALSE(std::filesystem::exists(temp_.path() / "s/pods/cache-aaaaa"));
}

TEST_F(LocalTrouble, BrokenFilesOfClustersAndWorkersAreNamed) {
  open();
  ASSERT_TRUE(platform_->open_cluster(cache_cluster()));
  platform_.reset();
  test::write_file(temp_.path() / "s/clusters/cache/cluster.json", "{}");
  open();
  const auto cluster = platform_->open_cluster(cache_cluster());
  ASSERT_FALSE(cluster);
  EXPECT_THAT(to_string(cluster.error()), HasSubstr("cluster.json: uid: is missing"));
  platform_.reset();
  test::write_file(temp_.path() / "s/workers.json", "?");
  EXPECT_THAT(to_string(LocalPlatform::open(loop_, scheduler_, options()).error()), HasSubstr("workers.json: no JSON"));
}

}  // namespace
}  // namespace shardkeeper::platform::local
