#include "coordinator/crd/to_yaml.h"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace shardkeeper::crd {
namespace {

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

// Starts with a letter, holds nothing that YAML gives a meaning, and is no word like `yes` or `null`.
bool is_plain(std::string_view text) {
  constexpr std::array<std::string_view, 9> kWords{"true", "false", "yes", "no", "on", "off", "y", "n", "null"};
  if (text.empty() || !is_letter(text.front()) || text.back() == ' ' || text.back() == ':') return false;
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (std::ranges::find(kWords, lower) != kWords.end()) return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return false;
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c != 0x7f; });
}

// What follows ASCII stays as it is: JSON's quotes are YAML's double quotes.
std::string scalar(const boost::json::value& value) {
  if (value.is_string() && is_plain(value.get_string())) return std::string(value.get_string());
  return boost::json::serialize(value);
}

bool is_leaf(const boost::json::value& value) {
  if (value.is_object()) return value.get_object().empty();
  if (value.is_array()) return value.get_array().empty();
  return true;
}

void write(std::string& out, const boost::json::value& value, std::size_t indent);

void write_fields(std::string& out, const boost::json::object& object, std::size_t indent, bool starts_line) {
  for (const auto& [key, value] : object) {
    if (starts_line) out.append(indent, ' ');
    starts_line = true;
    out += scalar(boost::json::string(key)) + ":";
    if (is_leaf(value)) {
      out += " " + scalar(value) + "\n";
      continue;
    }
    out += "\n";
    write(out, value, value.is_array() ? indent : indent + 2);
  }
}

void write(std::string& out, const boost::json::value& value, std::size_t indent) {
  if (value.is_object() && !value.get_object().empty()) return write_fields(out, value.get_object(), indent, true);
  if (is_leaf(value)) {
    out += std::string(indent, ' ') + scalar(value) + "\n";
    return;
  }
  for (const auto& item : value.get_array()) {
    out += std::string(indent, ' ') + "- ";
    if (is_leaf(item)) {
      out += scalar(item) + "\n";
    } else if (item.is_object()) {
      write_fields(out, item.get_object(), indent + 2, false);
    } else {  // a list in a list: on lines of its own
      out.back() = '\n';
      write(out, item, indent + 2);
    }
  }
}

}  // namespace

std::string to_yaml(const boost::json::value& value) {
  std::string out;
  write(out, value, 0);
  return out;
}

}  // namespace shardkeeper::crd
