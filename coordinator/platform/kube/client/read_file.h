// A small file, whole. Blocks: files are local and small.
#pragma once

#include "common/error/result.h"

#include <cstddef>
#include <filesystem>
#include <string>

namespace shardkeeper::platform::kube {

// ERRORS kNotFound, kUnavailable, kInvalid (longer than `bytes_max`); `detail` names the file too.
Result<std::string> read_file(const std::filesystem::path& file, std::size_t bytes_max);

}  // namespace shardkeeper::platform::kube
