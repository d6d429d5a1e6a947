// Cutting text at a separator, without copies; numbers that must fill the whole text.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace shardkeeper::valkey::parse {

// Removes and returns what stands before the first `separator` of `rest`; all of it where there is none.
inline std::string_view cut(std::string_view& rest, char separator) {
  const auto at = rest.find(separator);
  const auto head = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return head;
}

// The next line of `rest`, without its "\n" or "\r\n".
inline std::string_view cut_line(std::string_view& rest) {
  auto line = cut(rest, '\n');
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// None unless the whole of `text` is one decimal number in the range of Integer.
template <std::integral Integer>
std::optional<Integer> whole_number(std::string_view text) {
  Integer number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace shardkeeper::valkey::parse
