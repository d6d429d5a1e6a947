// Reading JSON objects that should be ours but may have been edited or cut short: every field is checked, the first fault is kept.
#pragma once

#include "common/error/result.h"

#include <boost/json.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace shardkeeper::platform::local {

// ERRORS kInvalid: no JSON object; `where` is named.
Result<boost::json::object> parse_object(const std::string& where, std::string_view text);

// Reads fields of one object. After a fault every further read gives an empty value; ask result() at the end.
class Fields {
 public:
  Fields(std::string where, const boost::json::object& object) : where_(std::move(where)), object_(object) {}

  std::string text(const char* name);
  std::optional<std::string> optional_text(const char* name);
  std::int64_t number(const char* name, std::int64_t min, std::int64_t max);
  std::optional<std::uint64_t> optional_count(const char* name);
  bool flag(const char* name);
  std::map<std::string, std::string> texts(const char* name);
  std::map<std::string, bool> flags(const char* name);
  void each(const char* name, const std::function<void(Fields&)>& read);  // an array of objects
  void optional_object(const char* name, const std::function<void(Fields&)>& read);

  bool failed() const { return fault_.has_value(); }
  Result<void> result() const;

 private:
  const boost::json::value* find(const char* name) const;
  const boost::json::value& required(const char* name);
  void fault(const char* name, const std::string& expected);
  void read_nested(const char* name, const boost::json::value& value, const std::function<void(Fields&)>& read);

  std::string where_;
  const boost::json::object& object_;
  std::optional<std::string> fault_;
};

}  // namespace shardkeeper::platform::local
