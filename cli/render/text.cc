#include "cli/render/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace shardkeeper::cli::render {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Bytes of the UTF-8 character at the beginning of `text`; 0 when it is none.
std::size_t character_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80                    ? 1
                             : first >= 0xc2 && first < 0xe0 ? 2
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xf0 && first < 0xf5 ? 4
                                                             : 0;
  if (length == 0 || length > text.size()) return 0;
  return std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(length), is_continuation) ? length : 0;
}

// 0x7f and the second set of control characters, U+0080 to U+009F, which some terminals obey.
bool is_control(std::string_view character) {
  if (character.size() == 1) return static_cast<unsigned char>(character[0]) < 0x20 || character[0] == 0x7f;
  return character.size() == 2 && character[0] == '\xc2' && static_cast<unsigned char>(character[1]) < 0xa0;
}

// Bytes of the first `width` characters.
std::size_t bytes_of(std::string_view text, int width) {
  std::size_t end = 0;
  for (int shown = 0; shown < width && end < text.size(); ++shown) {
    ++end;
    while (end < text.size() && is_continuation(text[end])) ++end;
  }
  return end;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0)
      out += '?';
    else if (is_control(character))
      out += ' ';
    else
      out += character;
    text.remove_prefix(character.size());
  }
  return out;
}

int width_of(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string shortened(std::string_view text, int width, const Look& look) {
  if (width_of(text) <= width) return std::string(text);
  const std::string_view ellipsis = look.symbols == Symbols::kUtf8 ? "…" : "...";
  if (width < width_of(ellipsis)) return std::string(text.substr(0, bytes_of(text, width)));
  return std::string(text.substr(0, bytes_of(text, width - width_of(ellipsis)))) + std::string(ellipsis);
}

std::vector<std::string> wrapped(std::string_view text, int width) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    std::size_t end = bytes_of(text, std::max(1, width));
    if (end < text.size() && text[end] != ' ')
      if (const auto space = text.substr(0, end).rfind(' '); space != std::string_view::npos && space > 0) end = space;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  return lines;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  // 1023.95 would be printed as "1024".
  for (; amount >= 1023.5 && unit + 1 < kUnits.size(); ++unit) amount /= 1024;
  return amount < 9.95 ? fmt::format("{:.1f} {}", amount, kUnits[unit]) : fmt::format("{:.0f} {}", amount, kUnits[unit]);
}

std::string age_text(std::int64_t milliseconds) {
  const std::int64_t seconds = std::max<std::int64_t>(0, milliseconds / 1000);
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 120 * 60) return fmt::format("{}m", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86400);
}

std::string clock_text(std::int64_t unix_ms) {
  const std::time_t seconds = std::max<std::int64_t>(0, unix_ms) / 1000;
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return "?";
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return fmt::format("{}.{:03}", std::string_view(text.data(), length), std::max<std::int64_t>(0, unix_ms) % 1000);
}

}  // namespace shardkeeper::cli::render
