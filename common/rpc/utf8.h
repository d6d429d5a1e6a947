// Protobuf carries only valid UTF-8 in strings: one bad byte from a server's error text would make the whole message unreadable.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace shardkeeper::rpc {

// `text` with every byte that belongs to no valid character replaced by '?', cut between characters to at most `bytes_max`.
std::string to_utf8(std::string_view text, std::size_t bytes_max);

}  // namespace shardkeeper::rpc
