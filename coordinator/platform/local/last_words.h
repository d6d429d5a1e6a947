// Why a program ended, in its own words.
#pragma once

#include <filesystem>
#include <string>

namespace shardkeeper::platform::local {

// ": " and the last line of the log that is not empty, at most 300 characters; of a JSON log line its message and fields.
// "" where the log says nothing. Reads at most the log's last 4 KiB.
std::string last_words(const std::filesystem::path& log);

}  // namespace shardkeeper::platform::local
