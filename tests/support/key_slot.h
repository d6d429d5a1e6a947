// Which hash slot a key belongs to, and keys for a slot of choice.
#pragma once

#include <string>
#include <string_view>

namespace shardkeeper::test {

// CRC16 (XMODEM) of the key, or of what is between its first '{' and the next '}' when that is not empty, modulo 16384.
int key_slot(std::string_view key);

// A short text of lower case letters and digits whose slot is `slot`: "{" + tag_of_slot(s) + "}anything" is a key of slot s.
// REQUIRES 0 <= slot <= 16383. Cost: the table of all tags is made once, in some milliseconds.
const std::string& tag_of_slot(int slot);

}  // namespace shardkeeper::test
