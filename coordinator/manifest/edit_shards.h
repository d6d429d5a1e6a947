// Another number of shards in a manifest's text, everything else byte for byte as it was. Pure.
#pragma once

#include "common/error/result.h"
#include "coordinator/manifest/manifest.h"

#include <string>
#include <string_view>

namespace shardkeeper::manifest {

// ERRORS kInvalid: 2, below 1, above kShardsMax.
Result<void> check_shards(int shards);

// The text in which spec.shards of `cluster` is `shards`: the number is replaced where it stands, or added as the first field of
// spec. What comes out has been read again: nothing but that number differs. `file` is only quoted in errors.
// ERRORS kInvalid: as check_shards, or the text holds no such cluster without errors; kRefused: the number is written in a way
// that cannot be edited (an alias, an anchor that other fields use): it is to be edited by hand.
Result<std::string> with_shards(const std::string& file, std::string_view text, const ClusterName& cluster, int shards);

}  // namespace shardkeeper::manifest
