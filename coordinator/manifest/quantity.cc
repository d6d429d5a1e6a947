#include "coordinator/manifest/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

namespace shardkeeper::manifest {
namespace {

struct Suffix {
  std::string_view text;
  long double factor;
};

constexpr std::array kSuffixes{
    Suffix{"Ki", 1024.0L},
    Suffix{"Mi", 1048576.0L},
    Suffix{"Gi", 1073741824.0L},
    Suffix{"Ti", 1099511627776.0L},
    Suffix{"Pi", 1125899906842624.0L},
    Suffix{"m", 1e-3L},
    Suffix{"k", 1e3L},
    Suffix{"M", 1e6L},
    Suffix{"G", 1e9L},
    Suffix{"T", 1e12L},
    Suffix{"P", 1e15L},
    Suffix{"", 1.0L},
};

// 0.1 is not exact in binary; without this, "0.1" cores would be rounded up to 101 thousandths.
constexpr long double kRounding = 1e-6L;

Error not_a_quantity(std::string_view text, std::string_view why) {
  return invalid("quantity", "\"" + std::string(text.substr(0, 40)) + "\" " + std::string(why));
}

// The factor of what follows the number, "e9" included; none when it is not a suffix.
std::optional<long double> factor_of(std::string_view rest) {
  for (const auto& suffix : kSuffixes)
    if (rest == suffix.text) return suffix.factor;
  if (rest.empty() || (rest.front() != 'e' && rest.front() != 'E')) return std::nullopt;
  rest.remove_prefix(1);
  if (!rest.empty() && rest.front() == '+') rest.remove_prefix(1);
  int exponent = 0;
  const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
  if (failed != std::errc{} || end != rest.data() + rest.size() || std::abs(exponent) > 18) return std::nullopt;
  return std::pow(10.0L, exponent);
}

Result<long double> parse(std::string_view text) {
  if (text.empty() || text.size() > 40) return not_a_quantity(text, "is not a quantity like 512Mi, 1Gi or 100m");
  if (text.front() == '-') return not_a_quantity(text, "is negative");
  const std::string_view digits = text.substr(text.front() == '+' ? 1 : 0);
  const auto number_end = std::min(digits.find_first_not_of("0123456789."), digits.size());
  const std::string_view number_text = digits.substr(0, number_end);
  // Long double holds 1 PiB in thousandths exactly. from_chars would also take "inf" and hexadecimal; only digits get here.
  long double number = 0;
  const auto [end, failed] = std::from_chars(number_text.data(), number_text.data() + number_text.size(), number);
  const auto factor = factor_of(digits.substr(number_end));
  if (failed != std::errc{} || end != number_text.data() + number_text.size() || !factor)
    return not_a_quantity(text, "is not a quantity like 512Mi, 1Gi or 100m");
  if (number * *factor > static_cast<long double>(kQuantityMax)) return not_a_quantity(text, "is more than 1Pi");
  return number * *factor;
}

}  // namespace

Result<std::uint64_t> parse_quantity_milli(std::string_view text) {
  const auto value = parse(text);
  if (!value) return value.error();
  return static_cast<std::uint64_t>(std::ceil(*value * 1000.0L - kRounding));
}

Result<std::uint64_t> parse_quantity(std::string_view text) {
  const auto value = parse(text);
  if (!value) return value.error();
  return static_cast<std::uint64_t>(std::ceil(*value - kRounding));
}

}  // namespace shardkeeper::manifest
