// Changes a file as a whole: whoever reads it sees the old text or the new one.
#pragma once

#include "common/error/result.h"

#include <functional>
#include <string>

namespace shardkeeper::manifest {

// Replaces the text of `path` by what `edit` makes of it; mode and owner stay, and a symbolic link stays one. Where `edit` fails or
// gives the same text, nothing is written. Blocks on the disk. RETURNS whether the file was written.
// ERRORS kRefused: it is no regular file, is larger than kFileBytesMax, or may not be written; kConflict: somebody else changed it
// meanwhile; kUnavailable: disk trouble; what `edit` returns.
Result<bool> replace_text(const std::string& path, const std::function<Result<std::string>(const std::string& text)>& edit);

}  // namespace shardkeeper::manifest
