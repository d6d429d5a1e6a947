// Quotes text of a peer for an error message: short, and safe for terminals, logs and Protobuf strings.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace shardkeeper::valkey::parse {

// At most `bytes_max` bytes of `text`, every byte outside printable ASCII as '?', "..." where it was cut.
std::string printable(std::string_view text, std::size_t bytes_max);

// At most 60 bytes of `text` in double quotes, made printable.
std::string quote(std::string_view text);

}  // namespace shardkeeper::valkey::parse
