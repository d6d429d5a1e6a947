// A server's reply as a value (RESP2). Bounded when it was read: see connection.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shardkeeper::valkey {

struct Reply {
  enum class Kind { kNil, kText, kStatus, kInteger, kArray, kError };
  Kind kind = Kind::kNil;
  std::string text;          // kText, kStatus ("OK"), kError ("ERR Unknown node …")
  std::int64_t integer = 0;  // kInteger
  std::vector<Reply> items;  // kArray

  bool is_error() const { return kind == Kind::kError; }
  bool operator==(const Reply&) const = default;
};

}  // namespace shardkeeper::valkey
