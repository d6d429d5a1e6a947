#include "common/rpc/utf8.h"

#include <cstdint>

namespace shardkeeper::rpc {
namespace {

// Bytes of the valid character at the start of `text`; 0: none is there (stray or missing continuation, overlong, surrogate).
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  std::uint32_t code = first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return 0;
    code = code << 6U | (byte(i) & 0x3fU);
  }
  const bool is_overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  return is_overlong || is_surrogate || code > 0x10ffff ? 0 : size;
}

}  // namespace

std::string to_utf8(std::string_view text, std::size_t bytes_max) {
  std::string result;
  result.reserve(text.size() < bytes_max ? text.size() : bytes_max);
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    if (result.size() + (size == 0 ? 1 : size) > bytes_max) break;
    if (size == 0)
      result += '?';
    else
      result += text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return result;
}

}  // namespace shardkeeper::rpc
