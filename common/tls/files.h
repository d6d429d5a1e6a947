// Small files, written so that a reader never sees half of one. Inside common/tls only.
#pragma once

#include "common/error/result.h"

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace shardkeeper::tls::files {

// Writes a file of `mode` beside `path`, fsyncs it and renames it over `path`. ERRORS kUnavailable.
Result<void> write_atomically(const std::filesystem::path& path, const std::string& text, mode_t mode);

// ERRORS kNotFound, kUnavailable, kInvalid: longer than `bytes_max`.
Result<std::string> read(const std::filesystem::path& path, std::size_t bytes_max);

// Makes `dir` and its parents; a folder that it makes has mode 0700. ERRORS kUnavailable.
Result<void> make_private_folder(const std::filesystem::path& dir);

}  // namespace shardkeeper::tls::files
