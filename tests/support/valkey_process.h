// A plain valkey-server on a loopback address, without any of our programs around it.
#pragma once

#include "tests/support/child_process.h"
#include "tests/support/sync_client.h"
#include "tests/support/valkey_binaries.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace shardkeeper::test {

struct ValkeyOptions {
  std::filesystem::path program;   // of valkey_server(line)
  std::string ip;                  // also announced to the cluster
  std::uint16_t port = 6379;       // 0: no TCP for clients
  std::uint16_t bus_port = 16379;  // used when is_cluster
  std::filesystem::path folder;    // exists; holds nodes.conf, valkey.sock and the log
  enum class Mode { kCluster, kStandalone } mode = Mode::kCluster;
  std::vector<std::pair<std::string, std::string>> settings;  // added to and stronger than those of ours: {"cluster-node-timeout", "1000"}
};

// Ours: no persistence, diskless sync without delay, no replica migration, no full coverage, node timeout 5 s.
// THREAD as ChildProcess.
class ValkeyProcess {
 public:
  // Starts it and waits until it answers (LOADING counts). Throws std::runtime_error with the end of its log when it does not within 10 s.
  explicit ValkeyProcess(ValkeyOptions options);

  const ValkeyOptions& options() const { return options_; }
  std::filesystem::path socket() const { return options_.folder / "valkey.sock"; }
  std::string log() const;
  pid_t pid() const { return process_.pid(); }
  bool is_running() { return process_.is_running(); }
  void signal(int number) { process_.signal(number); }
  // SIGKILL; the folder stays, with nodes.conf in it.
  void kill() { process_.kill(); }
  // The same server again: same folder, same node id when nodes.conf is there. REQUIRES it was killed. Throws as the constructor.
  void start();

  // One command over a new connection to the unix socket, 5 s at most. Throws std::runtime_error when no reply comes.
  valkey::Reply call(const std::vector<std::string>& arguments) const;
  // The same, the reply's text: "OK", an INFO text, an error's text.
  std::string ask(const std::vector<std::string>& arguments) const { return call(arguments).text; }
  // The value of `name` in an INFO section, as in info("replication", "role"); empty when it is not there.
  std::string info(const std::string& section, const std::string& name) const;

 private:
  std::vector<std::string> command_line() const;

  ValkeyOptions options_;
  ChildProcess process_;
};

}  // namespace shardkeeper::test
