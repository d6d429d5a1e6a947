// Reads the fields of one message: checks each, remembers the first thing that is wrong, and says at the end whether all was
// well. Conversions stay flat lists of fields that way.
#pragma once

#include "common/error/result.h"
#include "common/node/topology.h"
#include "common/rpc/convert/limits.h"
#include "common/rpc/utf8.h"
#include "common/types/endpoint.h"
#include "common/types/names.h"

#include "shardkeeper/agent/v1/types.pb.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace shardkeeper::rpc::convert {

namespace pb = shardkeeper::agent::v1;

// Every function names the field for the error; after the first error the values that come back mean nothing.
class Reader {
 public:
  explicit Reader(std::string_view message) : message_(message) {}

  // kInvalid: "node state: pod: is empty". Only the first one counts.
  void fail(std::string_view field, const std::string& reason);

  enum class Empty { kAllowed, kRefused };
  std::string text(std::string_view field, const std::string& value, Empty empty, std::size_t bytes_max = kTextBytesMax);
  NodeId id(std::string_view field, const std::string& value);
  std::optional<NodeId> optional_id(std::string_view field, const std::string& value);  // "": none
  Endpoint endpoint(std::string_view field, const pb::Endpoint& value);                 // an empty address is allowed
  SlotSet slots(std::string_view field, const google::protobuf::RepeatedPtrField<pb::SlotRange>& ranges);
  std::chrono::milliseconds duration(std::string_view field, std::uint64_t ms);
  // RETURNS whether so many elements may be read.
  bool count(std::string_view field, int size, int size_max);

  // Enumerations on the wire are one more than ours, because 0 means that nothing was said. A number from a newer version is refused.
  template <typename Enum>
  Enum enumerator(std::string_view field, int wire, Enum last) {
    if (wire >= 1 && wire <= static_cast<int>(last) + 1) return static_cast<Enum>(wire - 1);
    fail(field, wire == 0 ? "is not set" : "value " + std::to_string(wire) + " is not known to this version");
    return last;
  }

  // A message inside this one.
  template <typename T>
  std::optional<T> nested(std::string_view field, Result<T> value) {
    if (value) return std::move(*value);
    fail(field, to_string(value.error()));
    return std::nullopt;
  }

  template <typename T>
  Result<T> result(T value) {
    if (error_) return *error_;
    return value;
  }

 private:
  std::string_view message_;
  std::optional<Error> error_;
};

template <typename Wire, typename Enum>
Wire to_wire(Enum value) {
  return static_cast<Wire>(static_cast<int>(value) + 1);
}

// Text for people, perhaps with a server's words in it: made carriable, and cut to what the other side accepts.
inline std::string to_wire_text(const std::string& text) { return to_utf8(text, kTextBytesMax); }

inline std::uint64_t to_wire_ms(std::chrono::milliseconds duration) {
  return duration.count() > 0 ? static_cast<std::uint64_t>(duration.count()) : 0;
}

void to_proto(const Endpoint& endpoint, pb::Endpoint& out);
void to_proto(const SlotSet& slots, google::protobuf::RepeatedPtrField<pb::SlotRange>& out);

}  // namespace shardkeeper::rpc::convert
