#include "bench/support/results.h"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace shardkeeper::bench {
namespace {

constexpr std::size_t kColumns = 8;
using Line = std::array<std::string, kColumns>;

// Three digits are what these measurements are worth.
std::string number(std::optional<double> value) {
  if (!value) return "-";
  return *value >= 100 ? fmt::format("{:.0f}", *value) : fmt::format("{:.3g}", *value);
}

std::string verdict(std::optional<bool> holds) { return !holds ? "-" : *holds ? "yes" : "NO"; }

boost::json::value or_null(std::optional<double> value) { return value ? boost::json::value(*value) : boost::json::value(nullptr); }

}  // namespace

std::optional<double> Row::ratio() const {
  if (!value || !peer_value || *peer_value == 0) return std::nullopt;
  return *value / *peer_value;
}

std::optional<bool> Row::holds() const {
  if (bar.or_value_min && value && *value >= *bar.or_value_min) return true;
  switch (bar.kind) {
    case Bar::Kind::kNone: return std::nullopt;
    case Bar::Kind::kValueMax: return value ? std::optional(*value <= bar.limit) : std::nullopt;
    case Bar::Kind::kRatioMax: return ratio() ? std::optional(*ratio() <= bar.limit) : std::nullopt;
    case Bar::Kind::kRatioMin: return ratio() ? std::optional(*ratio() >= bar.limit) : std::nullopt;
  }
  return std::nullopt;
}

std::string to_string(const Bar& bar, const std::string& unit) {
  switch (bar.kind) {
    case Bar::Kind::kNone: return {};
    case Bar::Kind::kValueMax: return fmt::format("<= {:g} {}", bar.limit, unit);
    case Bar::Kind::kRatioMax: return fmt::format("<= {:g} x peer", bar.limit);
    case Bar::Kind::kRatioMin:
      return fmt::format(">= {:g} x peer", bar.limit) + (bar.or_value_min ? fmt::format(" or {:g} {}", *bar.or_value_min, unit) : "");
  }
  return {};
}

std::string to_table(const std::vector<Row>& rows) {
  std::vector<Line> lines{{"measured", "ours", "unit", "peer", "peer's", "ratio", "bar", "holds"}};
  for (const Row& row : rows)
    lines.push_back({row.name, number(row.value), row.unit, row.peer, number(row.peer_value), number(row.ratio()),
                     to_string(row.bar, row.unit), verdict(row.holds())});
  std::array<std::size_t, kColumns> widths{};
  for (const Line& line : lines)
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], line[i].size());
  std::string text;
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) text += fmt::format("{:<{}}  ", line[i], widths[i]);
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

std::string to_json(const std::vector<Row>& rows) {
  boost::json::array list;
  for (const Row& row : rows) {
    const auto holds = row.holds();
    list.push_back(boost::json::object{{"name", row.name},
                                       {"value", or_null(row.value)},
                                       {"unit", row.unit},
                                       {"peer", row.peer},
                                       {"peer_value", or_null(row.peer_value)},
                                       {"ratio", or_null(row.ratio())},
                                       {"bar", to_string(row.bar, row.unit)},
                                       {"holds", holds ? boost::json::value(*holds) : boost::json::value(nullptr)}});
  }
  return boost::json::serialize(list) + "\n";
}

}  // namespace shardkeeper::bench
