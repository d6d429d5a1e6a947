// What `valkey-server --version` prints. Pure.
#pragma once

#include "common/error/result.h"
#include "common/types/server_version.h"

#include <string_view>

namespace shardkeeper::valkey::parse {

// Reads "Valkey server v=8.0.1 sha=00000000:0 malloc=… bits=64 build=…"; only the first line counts. A suffix as in 9.1.0-rc1 is
// left out. Does not judge whether the version is supported.
// ERRORS kInvalid: another program's line, no v= or not a version; the detail quotes the line. Longer than 4 KiB.
Result<ServerVersion> parse_version_line(std::string_view text);

}  // namespace shardkeeper::valkey::parse
