// A coordinator that ends without stopping anything, and its successor.
#include "coordinator/platform/local/spawn_guard.h"
#include "tests/unit/local/platform_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shardkeeper::platform::local {
namespace {

class LocalAdoption : public PlatformTest {
 protected:
  std::filesystem::path pod_file(const std::string& name) const { return temp_.path() / "s/pods" / name / "pod.json"; }
  PodRecord record(const std::string& name) const { return *parse_pod_record("", test::read_file(pod_file(name))); }
};

TEST_F(LocalAdoption, CarriesOnWithWhatRuns) {
  open();
  create_running("cache-aaaaa");
  const auto before = *pod("cache-aaaaa");
  platform_.reset();
  open();
  EXPECT_EQ(pod("cache-aaaaa"), before) << "already in the first view";
  ::kill(pid_of("cache-aaaaa", "valkey"), SIGKILL);
  ASSERT_TRUE(reaches([&] { return container("cache-aaaaa", "valkey").restarts == 1 && runs("cache-aaaaa"); }));
  EXPECT_EQ(container("cache-aaaaa", "agent"), before.containers[1]);
}

TEST_F(LocalAdoption, StartsWhatEndedMeanwhile) {
  open();
  create_running("cache-aaaaa");
  const auto server = container("cache-aaaaa", "valkey");
  platform_.reset();
  ::kill(pid_of(server), SIGKILL);
  ASSERT_TRUE(test::wait_until([&] { return !is_alive(pid_of(server)); }));
  open();
  ASSERT_TRUE(reaches([&] { return runs("cache-aaaaa"); }));
  EXPECT_EQ(container("cache-aaaaa", "valkey").terminated_id, server.id);
  EXPECT_EQ(container("cache-aaaaa", "valkey").restarts, 1);
  EXPECT_EQ(container("cache-aaaaa", "agent").restarts, 0);
}

TEST_F(LocalAdoption, AProcessNumberInUseByAnotherIsNotOurs) {
  open();
  create_running("cache-aaaaa");
  const auto server = pid_of("cache-aaaaa", "valkey");
  platform_.reset();
  ::kill(server, SIGKILL);
  // The kernel tells processes of one number apart by their start, in steps of 10 ms.
  const auto later = std::chrono::steady_clock::now() + 30ms;
  ASSERT_TRUE(test::wait_until([&] { return std::chrono::steady_clock::now() > later; }));
  test::ChildProcess stranger(test::ChildOptions{.program = "/bin/sleep", .arguments = {"1000"}});
  auto changed = record("cache-aaaaa");
  changed.valkey.process->pid = stranger.pid();
  test::write_file(pod_file("cache-aaaaa"), to_json(changed));
  open();
  ASSERT_TRUE(reaches([&] { return runs("cache-aaaaa") && container("cache-aaaaa", "valkey").restarts == 1; }));
  ASSERT_TRUE(remove("cache-aaaaa", 0s));
  ASSERT_TRUE(reaches([&] { return !pod("cache-aaaaa"); }));
  EXPECT_TRUE(stranger.is_running());
}

TEST_F(LocalAdoption, GoesOnWithADeletion) {
  open();
  wish("stop-hangs");
  create_running("cache-aaaaa");
  ASSERT_TRUE(remove("cache-aaaaa", 600s));
  ASSERT_TRUE(reaches([&] { return stop_asked() == "600\n"; }));
  platform_.reset();
  no_wish("stop-hangs");
  open();
  ASSERT_TRUE(pod("cache-aaaaa")->is_deleting);
  EXPECT_TRUE(reaches([&] { return !pod("cache-aaaaa"); }));
  EXPECT_TRUE(test::wait_until([] { return test::ProcessTree::descendants().empty(); }));
}

TEST_F(LocalAdoption, EndsWhatWasStartedAndNotWrittenDown) {
  open();
  create_running("cache-aaaaa");
  const auto agent = pid_of("cache-aaaaa", "agent");
  const auto server = pid_of("cache-aaaaa", "valkey");
  platform_.reset();
  auto changed = record("cache-aaaaa");  // as it was before the server was started
  changed.valkey = {};
  test::write_file(pod_file("cache-aaaaa"), to_json(changed));
  open();
  EXPECT_TRUE(reaches([&] { return !is_alive(server) && runs("cache-aaaaa"); }));
  EXPECT_EQ(pid_of("cache-aaaaa", "agent"), agent);
}

TEST_F(LocalAdoption, APersonsShellInThePodsFolderIsLeftAlone) {
  open();
  create_running("cache-aaaaa");
  test::ChildProcess shell(
      test::ChildOptions{.program = "/bin/sleep", .arguments = {"1000"}, .working_folder = temp_.path() / "s/pods/cache-aaaaa/volume"});
  platform_.reset();
  open();
  ASSERT_TRUE(remove("cache-aaaaa", 0s));
  ASSERT_TRUE(reaches([&] { return !pod("cache-aaaaa"); }));
  EXPECT_TRUE(shell.is_running());
}

TEST_F(LocalAdoption, WorksAfterKillMinusNineOfTheCoordinator) {
  const auto host = [&](const std::string& pods) {
    test::ChildProcess process(test::ChildOptions{.program = PLATFORM_HOST,
                                                  .arguments = {(temp_ / "s").string(), FAKE_POD_PROGRAM, pods},
                                                  .output = temp_ / "host.log",
                                                  .standard_output = temp_ / "host.out"});
    return process;
  };
  auto first = host("3");
  const std::vector<std::string> names{"cache-aaaa0", "cache-aaaa1", "cache-aaaa2"};
  const auto server_of = [&](const std::string& name) -> std::optional<ProcessId> {
    const auto parsed = parse_pod_record("", test::read_file(pod_file(name)));
    return parsed ? parsed->valkey.process : std::nullopt;
  };
  const auto all_run = [&] {
    return std::all_of(names.begin(), names.end(), [&](const auto& name) { return server_of(name).has_value(); });
  };
  ASSERT_TRUE(test::wait_until(all_run)) << test::read_file(temp_ / "host.log");
  first.kill();
  const auto before = *server_of(names[0]);
  EXPECT_TRUE(is_alive(before.pid)) << "its pods do not go with it";

  // The pods are no children of the second one: it learns their ends from the kernel all the same.
  std::filesystem::remove(temp_ / "host.out");
  auto second = host("0");
  ASSERT_TRUE(test::wait_until([&] { return test::read_file(temp_ / "host.out") == "ready\n"; })) << test::read_file(temp_ / "host.log");
  EXPECT_EQ(server_of(names[0]), before);
  ::kill(before.pid, SIGKILL);
  EXPECT_TRUE(
      test::wait_until([&] { return server_of(names[0]) && *server_of(names[0]) != before && is_alive(server_of(names[0])->pid); }));
  EXPECT_EQ(record(names[0]).valkey.restarts, 1);
}

// A process that was born and has not reached its program works in its coordinator's folder and looks like it.
TEST_F(LocalAdoption, EndsWhatWasBornAndDidNotReachItsProgramYet) {
  open();
  create_running("cache-aaaaa");
  const auto agent = pid_of("cache-aaaaa", "agent");
  platform_.reset();
  ::kill(agent, SIGKILL);
  ASSERT_TRUE(test::wait_until([&] { return !is_alive(agent); }));
  // Opening a pipe that nobody reads blocks: the new agent gets as far as opening its log.
  const auto log = temp_.path() / "s/pods/cache-aaaaa/agent.log";
  std::filesystem::remove(log);
  ASSERT_EQ(::mkfifo(log.c_str(), 0600), 0);
  test::ChildProcess host(test::ChildOptions{
      .program = PLATFORM_HOST, .arguments = {(temp_ / "s").string(), FAKE_POD_PROGRAM, "0"}, .output = temp_ / "host.log"});
  const auto waits_for_reader = [&] { return test::ProcessTree::descendants().size() == 3; };  // the server, the host, the half-born agent
  ASSERT_TRUE(test::wait_until(waits_for_reader)) << test::read_file(temp_ / "host.log");
  host.kill();
  const auto held = SpawnGuard::take(temp_.path() / "s/spawning", 0ms);
  EXPECT_FALSE(held) << "it holds the pipe";

  const int reader = ::open(log.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  std::filesystem::remove(log);
  open();
  EXPECT_TRUE(reaches([&] { return runs("cache-aaaaa") && test::ProcessTree::descendants().size() == 2; }));
  ::close(reader);
}

// Killed at any instant of making its pods, a coordinator's successor ends with one agent and one server per pod, no more and no less.
TEST_F(LocalAdoption, WorksWhereverTheCoordinatorIsKilled) {
  const auto has_server = [&](const char* name) {
    const auto parsed = parse_pod_record("", test::read_file(pod_file(name)));
    return parsed && parsed->valkey.process;
  };
  int complete_in_a_row = 0;  // how slow this machine is shows in how long it takes to come here
  int cut_short = 0;
  for (auto delay = 0ms; delay < 2s && complete_in_a_row < 2; delay += 2ms + delay / 10) {
    test::ChildProcess host(test::ChildOptions{
        .program = PLATFORM_HOST, .arguments = {(temp_ / "s").string(), FAKE_POD_PROGRAM, "2"}, .output = temp_ / "host.log"});
    const auto is_complete = [&] { return has_server("cache-aaaa0") && has_server("cache-aaaa1"); };
    complete_in_a_row = test::wait_until(is_complete, delay, 1ms) ? complete_in_a_row + 1 : 0;
    host.kill();
    open();
    const auto pods = platform_->view().pods;
    if (!pods.empty() && complete_in_a_row == 0) ++cut_short;
    for (const auto& shown : pods)
      ASSERT_TRUE(reaches([&] { return runs(shown.name.value); })) << delay.count() << ": " << pod(shown.name.value)->trouble;
    EXPECT_TRUE(test::wait_until([&] { return test::ProcessTree::descendants().size() == 2 * pods.size(); }))
        << "killed after " << delay.count() << " ms: " << pods.size() << " pods, " << test::ProcessTree::descendants().size()
        << " processes";
    stop_all();
    EXPECT_TRUE(test::wait_until([] { return test::ProcessTree::descendants().empty(); }));
    platform_.reset();
  }
  EXPECT_EQ(complete_in_a_row, 2);
  EXPECT_GT(cut_short, 0) << "no kill came between the first pod and the last process";
}

}  // namespace
}  // namespace shardkeeper::platform::local
