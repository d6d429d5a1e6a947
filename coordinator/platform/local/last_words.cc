#include "coordinator/platform/local/last_words.h"

#include <boost/json.hpp>

#include <fstream>
#include <string_view>

namespace shardkeeper::platform::local {
namespace {

namespace json = boost::json;

constexpr std::streamoff kTailBytes = 4096;
constexpr std::size_t kWordsMax = 300;

std::string tail_of(const std::filesystem::path& log) {
  std::ifstream file(log, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const auto length = std::min<std::streamoff>(file.tellg(), kTailBytes);
  file.seekg(-length, std::ios::end);
  std::string text(static_cast<std::size_t>(length), '\0');
  file.read(text.data(), length);
  return text;
}

std::string_view last_line(std::string_view text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  const auto begin = text.find_last_of('\n');
  return begin == std::string_view::npos ? text : text.substr(begin + 1);
}

// {"ts":…,"level":…,"msg":"prepare failed","reason":"disk full"} as "prepare failed, reason=disk full".
std::string plain(std::string_view line) {
  json::error_code failed;
  const auto value = json::parse(json::string_view(line.data(), line.size()), failed);
  if (failed || !value.is_object() || !value.as_object().contains("msg")) return std::string(line);
  std::string words;
  for (const auto& [key, field] : value.as_object()) {
    if (key == "ts" || key == "level" || !field.is_string()) continue;
    words += (words.empty() ? "" : ", ") + (key == "msg" ? std::string() : std::string(key) + "=") + std::string(field.as_string());
  }
  return words;
}

}  // namespace

std::string last_words(const std::filesystem::path& log) {
  const auto text = tail_of(log);
  auto words = plain(last_line(text)).substr(0, kWordsMax);
  for (char& c : words)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';  // it may quote anything
  return words.empty() ? words : ": " + words;
}

}  // namespace shardkeeper::platform::local
