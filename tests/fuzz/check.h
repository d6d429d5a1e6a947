// What a fuzz target demands of a result. A broken demand is a crash with the input saved.
#pragma once

#include "common/error/check.h"
#include "common/error/result.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shardkeeper::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  // An empty input may come as a null pointer.
  return size == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char*>(data), size);
}

// Errors go to logs, events and Protobuf: they must be kInvalid, short and printable, whatever the input was.
inline void check_error(const Error& error) {
  const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
  SK_CHECK(error.kind == ErrorKind::kInvalid, "kind of a parser's error");
  SK_CHECK(!error.where.empty() && !error.detail.empty(), "an error names thing and reason");
  SK_CHECK(error.where.size() + error.detail.size() < 400, "an error is short");
  SK_CHECK(std::ranges::all_of(error.where, is_printable) && std::ranges::all_of(error.detail, is_printable), "an error is printable");
}

}  // namespace shardkeeper::fuzz
