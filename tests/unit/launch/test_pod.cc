#include "tests/unit/launch/test_pod.h"

#include "agent/io/volume_layout.h"

#include <stdexcept>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

std::string without_end(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

std::filesystem::path launch_program() { return SK_LAUNCH; }

TestPod::TestPod(std::string name, std::string address, std::function<void(agent::ServerSettings&)> change)
    : dir_(folder_ / "v"), address_(std::move(address)) {
  agent::PrepareOptions options;
  options.volume = dir_;
  options.launch_binary = launch_program();
  options.settings.pod = PodName(std::move(name));
  options.settings.cluster_uid = "test";
  options.settings.announce.ip = address_;
  options.settings.replication.password = "replicationsecret";
  if (change) change(options.settings);
  if (const auto done = agent::prepare(options); !done) throw std::runtime_error("prepare: " + to_string(done.error()));
  open_volume();
}

void TestPod::open_volume() {
  auto opened = agent::PodVolume::open(loop_, scheduler_, dir_, 1h);  // so that only events count
  if (!opened) throw std::runtime_error(to_string(opened.error()));
  volume_ = *std::move(opened);
  volume_->on_gate_change([this] { ++changes_; });
}

void TestPod::launch(const std::filesystem::path& server) {
  server_ =
      ChildProcess({.program = dir_ / agent::layout::kLaunch, .arguments = {dir_.string(), server.string()}, .output = folder_ / "log"});
}

StartId TestPod::wait_for_request() {
  const auto is_new = [this] {
    const auto request = volume_->gate().request;
    return request && request->id != granted_;
  };
  if (!loop_until([&] { return is_new() || !server_.is_running(); }) || !is_new()) return {};
  return volume_->gate().request->id;
}

void TestPod::start(ValkeyLine line) {
  launch(valkey_server(line));
  const StartId id = wait_for_request();
  if (id.empty()) throw std::runtime_error("no request: " + log());
  if (const auto granted = volume_->grant(id, "a test wants it"); !granted)
    throw std::runtime_error("grant: " + to_string(granted.error()));
  granted_ = id;
  if (!loop_until([this] { return volume_->gate().lock_held; })) throw std::runtime_error("launch did not take the lock: " + log());
  if (!loop_until([this, line] { return answers(line); })) throw std::runtime_error("the server does not answer: " + log());
}

bool TestPod::loop_until(const std::function<bool()>& condition, std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    loop_.restart();
    loop_.run_one_for(5ms);
  }
  return true;
}

std::string TestPod::as_agent(ValkeyLine line, const std::vector<std::string>& command) const {
  std::vector<std::string> arguments{"-s", (dir_ / agent::layout::kServerSocket).string(), "--user", volume_->agent_login().user};
  arguments.insert(arguments.end(), command.begin(), command.end());
  return without_end(run({.program = valkey_cli(line),
                          .arguments = std::move(arguments),
                          .environment = {"REDISCLI_AUTH=" + volume_->agent_login().password}},
                         20s)
                         .output);
}

std::string TestPod::as_client(ValkeyLine line, const std::vector<std::string>& command) const {
  std::vector<std::string> arguments{"-h", address_};
  arguments.insert(arguments.end(), command.begin(), command.end());
  return without_end(run({.program = valkey_cli(line), .arguments = std::move(arguments)}, 20s).output);
}

}  // namespace shardkeeper::test
