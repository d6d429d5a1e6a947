#include "coordinator/manifest/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace shardkeeper::manifest {
namespace {

constexpr std::array<std::string_view, 8> kBooleanWords{"true", "false", "yes", "no", "on", "off", "y", "n"};

bool is_number(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  if (text.starts_with("0x") || text.starts_with("0o") || text == ".inf") return true;
  // A first digit or dot keeps out the words "inf" and "nan", which from_chars would take.
  if (text.empty() || !(text.front() == '.' || (text.front() >= '0' && text.front() <= '9'))) return false;
  std::string digits(text);
  std::erase(digits, '_');
  double number = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return failed != std::errc::invalid_argument && end == digits.data() + digits.size();
}

}  // namespace

ScalarType scalar_type(const Yaml& value) {
  if (value.is_quoted) return ScalarType::kText;
  std::string lower = value.text;
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (std::ranges::find(kBooleanWords, lower) != kBooleanWords.end()) return ScalarType::kBoolean;
  return is_number(value.text) ? ScalarType::kNumber : ScalarType::kText;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace shardkeeper::manifest
