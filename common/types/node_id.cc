#include "common/types/node_id.h"

#include <algorithm>

namespace shardkeeper {

Result<NodeId> NodeId::parse(std::string_view text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (text.size() != kLength || !std::ranges::all_of(text, is_hex))
    return invalid("node id", "expected 40 hexadecimal digits, got \"" + std::string(text.substr(0, 60)) + "\"");
  return NodeId(std::string(text));
}

}  // namespace shardkeeper
