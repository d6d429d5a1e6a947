// Files `settings` and `secrets`: what `prepare` leaves for the agent.
#pragma once

#include "agent/decide/render_config.h"
#include "common/error/result.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace shardkeeper::agent {

inline constexpr std::size_t kSettingsBytesMax = 1024 * 1024;

std::string settings_text(const ServerSettings& settings);
// ERRORS kInvalid, naming the member. What the values mean is judged by render_config.
Result<ServerSettings> parse_settings(std::string_view text);

std::string secrets_text(const Login& agent);
Result<Login> parse_secrets(std::string_view text);

// From the volume. ERRORS kInvalid, also where the file is missing: the volume was never prepared; kUnavailable.
Result<ServerSettings> read_settings(const std::filesystem::path& volume);
Result<Login> read_agent_login(const std::filesystem::path& volume);

}  // namespace shardkeeper::agent
