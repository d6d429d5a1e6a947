// "did you mean": the known word that is nearest to a mistyped one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardkeeper::manifest {

// RETURNS the nearest of `known`: equal but for case and dashes, else few typing errors away (a third of its letters), else a
// beginning or end of one ("replicas" for "replicasPerShard"); none when nothing is near.
std::optional<std::string> nearest_word(std::string_view word, const std::vector<std::string>& known);

}  // namespace shardkeeper::manifest
