// Typed members of a small JSON object from the volume.
#pragma once

#include "common/error/result.h"
#include "common/types/endpoint.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shardkeeper::agent {

// A member that is missing gives the default: agent and volume may come from neighbouring versions. A member of the wrong type is
// remembered as the reader's error, the first one counts; read everything, then ask error().
class JsonObject {
 public:
  // `where` names the file in errors. ERRORS kInvalid: no JSON, or no object.
  static Result<JsonObject> parse(std::string where, std::string_view text);
  JsonObject(std::string where, boost::json::object object) : where_(std::move(where)), object_(std::move(object)) {}

  std::string text(std::string_view name);
  std::uint64_t number(std::string_view name, std::uint64_t most = UINT64_MAX, std::uint64_t missing = 0);
  bool flag(std::string_view name);
  // Of this object's own members ip, port and bus_port.
  Endpoint endpoint();
  // An empty one where it is missing. Errors inside it are its own.
  JsonObject object(std::string_view name);
  boost::json::array array(std::string_view name);
  const boost::json::object& members() const { return object_; }

  void fail(std::string_view name, std::string_view reason);
  const std::optional<Error>& error() const { return error_; }

 private:
  const boost::json::value* find(std::string_view name) const;

  std::string where_;
  boost::json::object object_;
  std::optional<Error> error_;
};

}  // namespace shardkeeper::agent
