// Small files: read with a bound, written whole or not at all.
#pragma once

#include "common/error/result.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace shardkeeper::agent {

// ERRORS kNotFound; kInvalid: longer than `bytes_max`; kUnavailable: it cannot be read.
Result<std::string> read_small_file(const std::filesystem::path& path, std::size_t bytes_max);

// Writes beside it and renames, mode 0600. A reader sees the old text or the new one. ERRORS kUnavailable, with the way out (disk full …).
Result<void> replace_file(const std::filesystem::path& path, std::string_view text);

// The same, and returns only when file and folder are on the disk.
Result<void> replace_file_durably(const std::filesystem::path& path, std::string_view text);

// The same as replace_file, but mode 0755.
Result<void> replace_program(const std::filesystem::path& path, std::string_view bytes);

// "cache/lock: no space left on the volume; …": the error for an errno.
Error file_error(const std::filesystem::path& path, std::string_view doing, int error_number);

}  // namespace shardkeeper::agent
