#include "tests/tidy/rules.h"

#include <algorithm>
#include <cctype>

namespace shardkeeper::tidy {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool contains_token(std::string_view line, std::string_view token) {
  for (auto at = line.find(token); at != std::string_view::npos; at = line.find(token, at + 1)) {
    const auto end = at + token.size();
    const bool joined_left = is_word(token.front()) && at > 0 && is_word(line[at - 1]);
    const bool joined_right = is_word(token.back()) && end < line.size() && is_word(line[end]);
    if (!joined_left && !joined_right) return true;
  }
  return false;
}

bool below_one_of(std::string_view path, const std::vector<std::string_view>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) { return path.substr(0, prefix.size()) == prefix; });
}

const std::vector<std::string_view> kEverywhere{""};
const std::vector<std::string_view> kShipped{"agent/", "cli/", "common/", "coordinator/"};
const std::vector<std::string_view> kTests{"tests/", "bench/"};

}  // namespace

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all{
      // Output. Programs for people print; everything else logs.
      {"std::cout", {"agent/", "common/", "coordinator/"}, {}, "log by common/log; only cli/ prints"},
      {"std::cerr",
       {"agent/", "common/", "coordinator/"},
       {"agent/options.cc", "coordinator/options.cc"},
       "log by common/log; options.cc tells usage"},
      // Time and chance come from outside, so that the simulator owns them.
      {"system_clock::now", kShipped, {"common/net/"}, "Scheduler::unix_ms"},
      {"steady_clock::now", {"agent/", "common/", "coordinator/"}, {"common/net/", "agent/io/", "agent/launch/"}, "Scheduler::now"},
      {"random_device", kShipped, {"common/random/"}, "take a generator as a parameter"},
      {"std::rand", kEverywhere, {}, "take a generator as a parameter"},
      // One loop thread.
      {"asio::detached", kEverywhere, {}, "callbacks on the loop; own what you start"},
      {".detach()", kEverywhere, {}, "own the thread and join it"},
      {"sleep_for",
       kShipped,
       {"agent/io/lock_watch.cc", "agent/launch/", "cli/"},
       "Scheduler::after; only the lock's own thread may block"},
      {"std::mutex", {"agent/", "coordinator/"}, {}, "post to the loop by Scheduler::post"},
      // Libraries have one place.
      {"<hiredis", kEverywhere, {"common/valkey/", "tests/support/"}, "common/valkey/server_port.h"},
      {"<grpcpp", kShipped, {"common/rpc/"}, "the interfaces of common/rpc"},
      {"<boost/asio",
       {"agent/core/", "agent/decide/", "agent/migrate/", "common/node/", "common/types/", "coordinator/model/", "coordinator/plan/",
        "coordinator/reconcile/"},
       {},
       "Scheduler and the other ports"},
      // No shell, no CLI of the server.
      {"popen", kShipped, {}, "fork and exec the program itself"},
      {"std::system", kEverywhere, {}, "fork and exec the program itself"},
      {"valkey-cli", kShipped, {}, "talk to the server through its agent"},
      // Layers.
      {"#include \"agent/", {"cli/", "common/"}, {}, "common/ knows nobody, cli/ knows the admin API"},
      {"#include \"coordinator/", {"agent/", "common/"}, {}, "share it through common/"},
      {"#include \"cli/", {"agent/", "common/"}, {}, "share it through common/"},
      {"#include \"tests/", kShipped, {}, "shipped code does not know its tests"},
      // Tests wait for conditions, and none is skipped.
      {"sleep_for", kTests, {"tests/support/wait_until.h"}, "tests/support/wait_until.h"},
      {"sleep_until", kTests, {"tests/support/"}, "tests/support/wait_until.h"},
      {"usleep", kEverywhere, {"agent/launch/"}, "tests/support/wait_until.h or Scheduler::after"},
      {"nanosleep", kTests, {}, "tests/support/wait_until.h"},
      {"::sleep(", kEverywhere, {}, "tests/support/wait_until.h or Scheduler::after"},
      {"GTEST_SKIP", kTests, {}, "fail with the way to get what is missing"},
      {"DISABLED_", kTests, {}, "repair the test or delete it"},
  };
  return all;
}

std::vector<std::string> violations(const std::vector<SourceFile>& files, const std::vector<Rule>& rules) {
  std::vector<std::string> found;
  for (const SourceFile& file : files)
    for (const Rule& rule : rules) {
      if (!below_one_of(file.path, rule.applies_to) || below_one_of(file.path, rule.but_not)) continue;
      for (std::size_t i = 0; i < file.lines.size(); ++i)
        if (contains_token(file.lines[i], rule.token))
          found.push_back(file.path + ":" + std::to_string(i + 1) + ": " + std::string(rule.token) +
                          " — instead: " + std::string(rule.instead));
    }
  return found;
}

}  // namespace shardkeeper::tidy
