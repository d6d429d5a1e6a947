// The gate's two files: what `launch` asks and what the agent answers. Their form is in volume_layout.h.
#pragma once

#include "common/error/result.h"
#include "common/node/node_state.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace shardkeeper::agent {

// Text of a request. ERRORS kInvalid: not "<32 hexadecimal digits> <version>\n".
Result<StartRequest> parse_request(std::string_view text);

// The newest request; none where there is no file or it cannot be understood: nobody can be let in by it.
std::optional<StartRequest> read_request(const std::filesystem::path& volume);

// Whose start is granted and has not begun; none where there is no grant.
std::optional<StartId> read_grant(const std::filesystem::path& volume);

// `launch` repeats `evidence` in the server's log; it is cut to one line of at most 1,000 bytes. ERRORS kUnavailable.
Result<void> write_grant(const std::filesystem::path& volume, const StartId& id, std::string_view evidence);

}  // namespace shardkeeper::agent
