// A Valkey node id: 40 lower-case hexadecimal digits (CLUSTER MYID).
#pragma once

#include "common/error/result.h"

#include <compare>
#include <string>
#include <string_view>

namespace shardkeeper {

class NodeId {
 public:
  static constexpr std::size_t kLength = 40;

  // ERRORS kInvalid unless `text` is exactly 40 digits of 0-9 a-f.
  static Result<NodeId> parse(std::string_view text);

  const std::string& str() const { return text_; }
  // The first eight digits, enough for people.
  std::string short_form() const { return text_.substr(0, 8); }
  auto operator<=>(const NodeId&) const = default;

 private:
  explicit NodeId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

inline const std::string& to_string(const NodeId& id) { return id.str(); }

}  // namespace shardkeeper
