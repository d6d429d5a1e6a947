#include "tests/support/valkey_process.h"

#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

#include <map>
#include <stdexcept>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLogTail = 2000;

}  // namespace

ValkeyProcess::ValkeyProcess(ValkeyOptions options) : options_(std::move(options)) { start(); }

std::vector<std::string> ValkeyProcess::command_line() const {
  std::map<std::string, std::string> settings{{"port", std::to_string(options_.port)},
                                              {"bind", options_.ip},
                                              {"dir", options_.folder},
                                              {"unixsocket", socket()},
                                              {"save", ""},
                                              {"appendonly", "no"},
                                              {"repl-diskless-sync", "yes"},
                                              {"repl-diskless-sync-delay", "0"},
                                              {"protected-mode", "no"}};
  if (options_.mode == ValkeyOptions::Mode::kCluster)
    settings.merge(std::map<std::string, std::string>{{"cluster-enabled", "yes"},
                                                      {"cluster-port", std::to_string(options_.bus_port)},
                                                      {"cluster-announce-ip", options_.ip},
                                                      {"cluster-node-timeout", "5000"},
                                                      {"cluster-require-full-coverage", "no"},
                                                      {"cluster-allow-replica-migration", "no"}});
  for (const auto& [name, value] : options_.settings) settings[name] = value;
  std::vector<std::string> arguments;
  for (const auto& [name, value] : settings) arguments.insert(arguments.end(), {"--" + name, value});
  return arguments;
}

void ValkeyProcess::start() {
  process_ = ChildProcess({.program = options_.program, .arguments = command_line(), .output = options_.folder / "log"});
  const bool answers = wait_until([this] {
    auto client = SyncClient::connect_unix(socket(), 1s);
    return !process_.is_running() || (client && client->call({"PING"}));
  });
  if (answers && process_.is_running()) return;
  const std::string text = log();
  throw std::runtime_error(options_.program.string() + " on " + options_.ip + ":" + std::to_string(options_.port) +
                           " does not start: " + text.substr(text.size() - std::min(text.size(), kLogTail)));
}

std::string ValkeyProcess::log() const { return read_file(options_.folder / "log"); }

valkey::Reply ValkeyProcess::call(const std::vector<std::string>& arguments) const {
  auto client = SyncClient::connect_unix(socket(), 5s);
  if (!client) throw std::runtime_error(to_string(client.error()));
  auto reply = client->call(arguments);
  if (!reply) throw std::runtime_error(arguments.front() + ": " + to_string(reply.error()));
  return *reply;
}

std::string ValkeyProcess::info(const std::string& section, const std::string& name) const {
  const std::string text = "\n" + ask({"INFO", section});
  const auto at = text.find("\n" + name + ":");
  if (at == std::string::npos) return {};
  const auto first = at + name.size() + 2;
  return text.substr(first, text.find('\r', first) - first);
}

}  // namespace shardkeeper::test
