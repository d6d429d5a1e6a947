#include "coordinator/platform/random_text.h"

#include "common/error/check.h"

#include <sys/random.h>

#include <array>

namespace shardkeeper::platform {

std::string random_hex(int bytes) {
  std::array<unsigned char, 64> raw{};
  SK_CHECK(bytes >= 0 && bytes <= 64, "at most 64 bytes");
  // Below 256 bytes getrandom neither fails nor gives less once the machine has booted.
  const auto got = ::getrandom(raw.data(), static_cast<std::size_t>(bytes), 0);
  SK_CHECK(got == bytes, "the kernel's randomness");
  std::string text;
  for (int i = 0; i < bytes; ++i) {
    text += "0123456789abcdef"[raw[static_cast<std::size_t>(i)] >> 4];
    text += "0123456789abcdef"[raw[static_cast<std::size_t>(i)] & 0xf];
  }
  return text;
}

}  // namespace shardkeeper::platform
