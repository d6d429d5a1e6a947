// FNV-1a of 64 bits: not for security, but equal on every machine and in every version.
#pragma once

#include <cstdint>
#include <string_view>

namespace shardkeeper {

class Fnv1a {
 public:
  // Each text ends for itself: "ab","c" is not "a","bc".
  void add(std::string_view text) {
    add_bytes(text);
    add(0U);
  }
  void add_bytes(std::string_view bytes) {
    for (const char c : bytes) add(static_cast<unsigned char>(c));
  }
  void add(unsigned byte) { value_ = (value_ ^ byte) * 0x100000001b3ULL; }
  // Never 0, which is free for "not known".
  std::uint64_t value() const { return value_ == 0 ? 1 : value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

}  // namespace shardkeeper
