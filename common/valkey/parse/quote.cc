#include "common/valkey/parse/quote.h"

namespace shardkeeper::valkey::parse {

std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string shown;
  for (const char c : text.substr(0, bytes_max)) shown += c >= ' ' && c <= '~' ? c : '?';
  if (text.size() > bytes_max) shown += "...";
  return shown;
}

std::string quote(std::string_view text) { return '"' + printable(text, 60) + '"'; }

}  // namespace shardkeeper::valkey::parse
