// A whole command line against a played coordinator.
#pragma once

#include "cli/options.h"
#include "tests/unit/cli/fake_admin_api.h"
#include "tests/unit/cli/worlds.h"

#include <sstream>
#include <string>
#include <vector>

namespace shardkeeper::cli {

struct Ran {
  ExitCode code;
  std::string out;
  std::string err;
};

inline constexpr render::Look kLook{.symbols = render::Symbols::kUtf8, .now_unix_ms = kNow};

// Runs a command line against the played coordinator.
inline Ran run_line(std::vector<const char*> line, FakeAdminApi& api, render::Terminal terminal = {.look = kLook},
                    Answer answer = Answer::kNobodyThere) {
  std::ostringstream out;
  std::ostringstream err;
  line.insert(line.begin(), "shardkeeper");
  const Parsed parsed = parse_command_line(static_cast<int>(line.size()), line.data(), out, err);
  if (const auto* code = std::get_if<ExitCode>(&parsed)) return {*code, out.str(), err.str()};
  const auto& options = std::get<Options>(parsed);
  const auto ask = [&](const std::string& question) {
    err << question << '\n';
    return answer;
  };
  const Output output{.out = out, .err = err, .format = options.format, .terminal = [&] { return terminal; }, .ask = ask};
  const ExitCode code = std::visit([&](const auto& command) { return run(command, api, output); }, options.command);
  return {code, out.str(), err.str()};
}

}  // namespace shardkeeper::cli
