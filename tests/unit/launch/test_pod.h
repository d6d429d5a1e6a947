// One pod of a test: a prepared volume, the agent's side of it on a loop of the test, and `launch` with a real server behind it.
#pragma once

#include "agent/io/pod_volume.h"
#include "agent/prepare/prepare.h"
#include "common/net/asio_scheduler.h"
#include "tests/support/child_process.h"
#include "tests/support/loopback.h"
#include "tests/support/temp_dir.h"
#include "tests/support/valkey_binaries.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::test {

class TestPod {
 public:
  // Prepares the volume and opens it. `address` is announced and bound.
  TestPod(std::string name, std::string address, std::function<void(agent::ServerSettings&)> change = {});

  const std::filesystem::path& dir() const { return dir_; }
  std::filesystem::path operator/(const char* name) const { return dir_ / name; }
  agent::PodVolume& volume() { return *volume_; }
  ChildProcess& server() { return server_; }  // `launch`, and then what it became
  std::string log() const { return read_file(folder_ / "log"); }

  // As if the agent were restarted.
  void close_volume() { volume_.reset(); }
  void open_volume();

  // Starts `launch SERVER` as a child.
  void launch(const std::filesystem::path& server);
  // RETURNS the id of a request other than the one before; empty when none comes.
  StartId wait_for_request();
  // launch, grant, and wait until the lock is held. Throws where that does not come about.
  void start(ValkeyLine line);

  // Runs the loop until `condition` holds.
  bool loop_until(const std::function<bool()>& condition, std::chrono::milliseconds deadline = std::chrono::seconds(10));
  // How often the volume has called on_gate_change.
  int changes() const { return changes_; }

  // What valkey-cli prints for a command as the agent's user, through the volume's socket.
  std::string as_agent(ValkeyLine line, const std::vector<std::string>& command) const;
  // The same as the default user, over TCP.
  std::string as_client(ValkeyLine line, const std::vector<std::string>& command) const;
  bool answers(ValkeyLine line) const { return as_agent(line, {"PING"}) == "PONG"; }

 private:
  TempDir folder_;
  std::filesystem::path dir_;
  std::string address_;
  boost::asio::io_context loop_;
  AsioScheduler scheduler_{loop_};
  int changes_ = 0;
  std::optional<StartId> granted_;
  std::unique_ptr<agent::PodVolume> volume_;
  ChildProcess server_;
};

// As `launch` of the build, for tests that need no volume.
std::filesystem::path launch_program();

}  // namespace shardkeeper::test
