// A local platform on a loop of the test's own, with fake programs in its pods. Whatever a test leaves running is killed.
#pragma once

#include "common/net/asio_scheduler.h"
#include "coordinator/platform/local/local_platform.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::platform::local {

using namespace std::chrono_literals;

inline model::ClusterObject cache_cluster(const std::string& image = "localhost/valkey:8.0.1") {
  return {.name = ClusterName("cache"), .spec = {.image = image, .replicas_per_shard = 1}};
}

class PlatformTest : public testing::Test {
 protected:
  LocalOptions options() const {
    return {
        temp_ / "s", FAKE_POD_PROGRAM, FAKE_POD_PROGRAM, {{"8.0.1", "/bin/true"}}, {{WorkerName("w1"), "z1"}, {WorkerName("w2"), "z2"}}};
  }

  void open() { open(options()); }
  void open(LocalOptions options) {
    auto opened = LocalPlatform::open(loop_, scheduler_, std::move(options));
    ASSERT_TRUE(opened) << to_string(opened.error());
    platform_ = std::move(*opened);
  }

  // Runs the loop until `condition` holds.
  [[nodiscard]] bool reaches(const std::function<bool()>& condition, std::chrono::milliseconds deadline = 20s) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop_.restart();
      loop_.run_for(2ms);
    }
    return true;
  }

  // Calls `effect` with a Done and runs the loop until it was called.
  Result<void> await(const std::function<void(Platform::Done)>& effect) {
    std::optional<Result<void>> answer;
    effect([&](const Result<void>& result) { answer = result; });
    EXPECT_FALSE(answer) << "an effect must not answer before it returns";
    EXPECT_TRUE(reaches([&] { return answer.has_value(); }));
    return answer.value_or(unavailable("test", "no answer"));
  }

  Result<void> create(const std::string& name, int shard = 0, const model::ClusterObject& cluster = cache_cluster()) {
    return await([&](auto done) { platform_->create(cluster, {.name = PodName(name), .shard = ShardId{shard}}, done); });
  }
  Result<void> remove(const std::string& name, std::chrono::seconds grace) {
    const auto found = pod(name);
    return await([&](auto done) { platform_->remove(PodName(name), found ? found->uid : PodUid("none"), grace, done); });
  }
  Result<void> lose(const char* worker, Loss loss) {
    return await([&](auto done) { platform_->lose(WorkerName(worker), loss, done); });
  }

  // As the view shows it now; none: it does not.
  std::optional<model::Pod> pod(const std::string& name) const {
    for (const auto& pod : platform_->view().pods)
      if (pod.name.value == name) return pod;
    return std::nullopt;
  }
  model::ContainerStatus container(const std::string& name, const std::string& container) const {
    const auto shown = pod(name);
    if (shown)
      for (const auto& status : shown->containers)
        if (status.name == container) return status;
    return {};
  }
  bool runs(const std::string& name) const { return container(name, "agent").running && container(name, "valkey").running; }
  // The process of a running container, from its id.
  static pid_t pid_of(const model::ContainerStatus& status) { return status.id.empty() ? 0 : std::stoi(status.id); }
  pid_t pid_of(const std::string& name, const std::string& container_name) const { return pid_of(container(name, container_name)); }

  // A pod that runs.
  void create_running(const std::string& name, int shard = 0) {
    const auto created = create(name, shard);
    ASSERT_TRUE(created) << to_string(created.error());
    ASSERT_TRUE(reaches([&] { return runs(name); })) << (pod(name) ? pod(name)->trouble : "no pod");
  }

  // A wish to the fake program, see there.
  void wish(const char* name, const char* text = "") const { test::write_file(temp_.path() / "s" / name, text); }
  void no_wish(const char* name) const { std::filesystem::remove(temp_.path() / "s" / name); }
  std::string stop_asked() const { return test::read_file(temp_.path() / "s/stop-asked"); }

  void stop_all(std::chrono::milliseconds limit = 5s) {
    bool stopped = false;
    platform_->stop_all(limit, [&] { stopped = true; });
    EXPECT_TRUE(reaches([&] { return stopped; }));
  }

  const test::ProcessTree tree_;  // first: the last to go
  const test::TempDir temp_;
  boost::asio::io_context loop_;
  AsioScheduler scheduler_{loop_};
  std::unique_ptr<LocalPlatform> platform_;
};

// 'T' stopped, 'Z' zombie, 'S' sleeping …; 0: gone.
inline char process_state(pid_t pid) {
  const auto stat = test::read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = stat.rfind(')');
  return name_end == std::string::npos ? '\0' : stat.at(name_end + 2);
}
inline bool is_alive(pid_t pid) {
  const char state = process_state(pid);
  return state != 0 && state != 'Z' && state != 'X';
}

}  // namespace shardkeeper::platform::local
