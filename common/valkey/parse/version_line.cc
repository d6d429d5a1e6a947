#include "common/valkey/parse/version_line.h"

#include "common/valkey/parse/quote.h"
#include "common/valkey/parse/split.h"

namespace shardkeeper::valkey::parse {
namespace {

constexpr std::size_t kVersionBytesMax = 4096;
constexpr std::string_view kProgram = "Valkey server ";
constexpr std::string_view kVersion = "v=";

Error not_a_version(std::string_view line) {
  return invalid("valkey-server --version",
                 "expected a line like \"Valkey server v=8.0.1 sha=...\", got " + quote(line) + "; is the program a valkey-server?");
}

}  // namespace

Result<ServerVersion> parse_version_line(std::string_view text) {
  if (text.size() > kVersionBytesMax)
    return invalid("valkey-server --version", "printed more than 4096 bytes; is the program a valkey-server?");
  const auto line = cut_line(text);
  if (!line.starts_with(kProgram)) return not_a_version(line);
  for (auto rest = line.substr(kProgram.size()); !rest.empty();) {
    auto word = cut(rest, ' ');
    if (!word.starts_with(kVersion)) continue;
    word.remove_prefix(kVersion.size());
    const auto version = ServerVersion::parse(word.substr(0, word.find('-')));
    if (!version) return not_a_version(line);
    return *version;
  }
  return not_a_version(line);
}

}  // namespace shardkeeper::valkey::parse
