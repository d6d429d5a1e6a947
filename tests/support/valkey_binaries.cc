#include "tests/support/valkey_binaries.h"

#include "tests/support/child_process.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace shardkeeper::test {
namespace {

namespace fs = std::filesystem;

std::string variable_name(ValkeyLine line) { return "SHARDKEEPER_VALKEY_" + to_string(line); }

bool is_program(const fs::path& path) { return ::access(path.c_str(), X_OK) == 0 && !fs::is_directory(path); }

// The value of `name` in the lines NAME=VALUE that `tools/setup env` prints; empty when it is not among them.
std::string ask_setup(const std::string& name) {
  const std::string command = "'" SK_SOURCE_DIR "/tools/setup' env";
  FILE* output = ::popen(command.c_str(), "re");
  if (output == nullptr) return {};
  std::string text;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), output)) text.append(buffer.data(), size);
  ::pclose(output);
  const auto at = ("\n" + text).find("\n" + name + "=");
  if (at == std::string::npos) return {};
  const auto first = at + name.size() + 1;
  return text.substr(first, text.find('\n', first) - first);
}

fs::path find_server(ValkeyLine line) {
  const std::string name = variable_name(line);
  const char* given = std::getenv(name.c_str());
  const fs::path path = given != nullptr && *given != '\0' ? given : ask_setup(name);
  if (path.empty())
    throw std::runtime_error("no valkey-server " + to_string(line) + ".x: run `tools/setup test`, or set " + name + " to its path");
  if (!is_program(path))
    throw std::runtime_error(name + "=" + path.string() + ": no such program; run `tools/setup test`, or set it to a valkey-server");
  return path;
}

}  // namespace

std::string to_string(ValkeyLine line) { return line == ValkeyLine::k8 ? "8" : "9"; }

fs::path valkey_server(ValkeyLine line) {
  static const std::array paths{find_server(ValkeyLine::k8), find_server(ValkeyLine::k9)};
  return paths[line == ValkeyLine::k8 ? 0 : 1];
}

std::string valkey_version(ValkeyLine line) {
  const std::string said = run({.program = valkey_server(line), .arguments = {"--version"}}, std::chrono::seconds(10)).output;
  const auto at = said.find(" v=");  // "Valkey server v=8.0.1 sha=…"
  if (at == std::string::npos) throw std::runtime_error(valkey_server(line).string() + " --version says: " + said);
  return said.substr(at + 3, said.find(' ', at + 3) - at - 3);
}

fs::path valkey_cli(ValkeyLine line) {
  const fs::path path = valkey_server(line).parent_path() / "valkey-cli";
  if (!is_program(path)) throw std::runtime_error(path.string() + ": valkey-cli is not beside valkey-server; run `tools/setup test`");
  return path;
}

}  // namespace shardkeeper::test
