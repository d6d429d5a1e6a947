#include "agent/io/volume_json.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace shardkeeper::agent {

Result<JsonObject> JsonObject::parse(std::string where, std::string_view text) {
  boost::system::error_code failed;
  boost::json::value value = boost::json::parse(text, failed);
  if (failed) return invalid(std::move(where), "is no JSON: " + failed.message());
  if (!value.is_object()) return invalid(std::move(where), "must be a JSON object");
  return JsonObject(std::move(where), std::move(value.get_object()));
}

const boost::json::value* JsonObject::find(std::string_view name) const {
  const auto member = object_.find(name);
  return member == object_.end() ? nullptr : &member->value();
}

void JsonObject::fail(std::string_view name, std::string_view reason) {
  if (!error_) error_ = invalid(where_, std::string(name) + " " + std::string(reason));
}

std::string JsonObject::text(std::string_view name) {
  const auto* const value = find(name);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  fail(name, "must be a text");
  return {};
}

std::uint64_t JsonObject::number(std::string_view name, std::uint64_t most, std::uint64_t missing) {
  const auto* const value = find(name);
  if (value == nullptr) return missing;
  boost::system::error_code failed;
  const auto number = value->to_number<std::uint64_t>(failed);
  if (!failed && number <= most) return number;
  fail(name, "must be a whole number from 0 to " + std::to_string(most));
  return missing;
}

bool JsonObject::flag(std::string_view name) {
  const auto* const value = find(name);
  if (value == nullptr) return false;
  if (value->is_bool()) return value->get_bool();
  fail(name, "must be true or false");
  return false;
}

Endpoint JsonObject::endpoint() {
  constexpr std::uint64_t kPortMax = 65535;
  return {text("ip"), static_cast<std::uint16_t>(number("port", kPortMax)), static_cast<std::uint16_t>(number("bus_port", kPortMax))};
}

JsonObject JsonObject::object(std::string_view name) {
  const auto* const value = find(name);
  if (value != nullptr && value->is_object()) return {where_ + ": " + std::string(name), value->get_object()};
  if (value != nullptr) fail(name, "must be an object");
  return {where_ + ": " + std::string(name), {}};
}

boost::json::array JsonObject::array(std::string_view name) {
  const auto* const value = find(name);
  if (value != nullptr && value->is_array()) return value->get_array();
  if (value != nullptr) fail(name, "must be a list");
  return {};
}

}  // namespace shardkeeper::agent
