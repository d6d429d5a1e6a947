// File `life`: what the agent last knew of the running process.
#pragma once

#include "common/error/result.h"
#include "common/node/node_state.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace shardkeeper::agent {

std::string life_text(const LastLife& life);
// ERRORS kInvalid, naming the member.
Result<LastLife> parse_life(std::string_view text);

// The process that ran last on this volume. The newest nodes.conf says who that was; file `life` adds what it knows about that very node,
// and nothing about another one (an agent that was away has missed a process). A file that cannot be read or understood counts as missing.
std::optional<LastLife> read_last_life(const std::filesystem::path& volume);

}  // namespace shardkeeper::agent
