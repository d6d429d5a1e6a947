// Where the real servers of the tests are. Both versions are needed; a missing one is a failed test, never a skipped one.
#pragma once

#include <array>
#include <filesystem>
#include <string>

namespace shardkeeper::test {

enum class ValkeyLine { k8, k9 };

// For INSTANTIATE_TEST_SUITE_P(..., testing::ValuesIn(kValkeyLines)).
inline constexpr std::array kValkeyLines{ValkeyLine::k8, ValkeyLine::k9};

// "8" or "9": good as the name of a parameterised test and in messages.
std::string to_string(ValkeyLine line);

// The server of that line: $SHARDKEEPER_VALKEY_8 or _9, else what `tools/setup env` knows. The path is returned as it is given:
// some packages choose the program by argv[0], so never resolve it. Throws std::runtime_error that says how to get the server.
std::filesystem::path valkey_server(ValkeyLine line);

// "8.0.1", as that server says itself. Throws like valkey_server.
std::string valkey_version(ValkeyLine line);

// valkey-cli of the same version, beside the server. Throws like valkey_server.
std::filesystem::path valkey_cli(ValkeyLine line);

}  // namespace shardkeeper::test
