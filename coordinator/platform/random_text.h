// Names and passwords that nobody can guess.
#pragma once

#include <string>

namespace shardkeeper::platform {

// `bytes` bytes of the kernel's randomness as twice as many hexadecimal digits. REQUIRES bytes <= 64.
std::string random_hex(int bytes);

}  // namespace shardkeeper::platform
