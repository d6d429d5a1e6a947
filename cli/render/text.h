// Text as a terminal shows it: widths, shortening, numbers for people.
#pragma once

#include "cli/render/look.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shardkeeper::cli::render {

// One line that cannot harm a terminal: control characters become spaces, bytes that are no UTF-8 become "?". What servers and
// files say goes through this before it is drawn.
std::string printable(std::string_view text);

// Columns that `text` takes; REQUIRES printable text, without escape codes. Every character counts as one.
int width_of(std::string_view text);

// At most `width` columns; what is cut off is shown by "…" or "...".
std::string shortened(std::string_view text, int width, const Look& look);

// Lines of at most `width` columns (at least 1), broken at spaces where there are some; none for an empty text.
std::vector<std::string> wrapped(std::string_view text, int width);

std::string grouped(std::uint64_t number);        // 1,203,441
std::string bytes_text(std::uint64_t bytes);      // 0 B, 999 B, 1.5 KiB, 12 MiB
std::string age_text(std::int64_t milliseconds);  // 0s, 59s, 4m, 3h, 2d; negative counts as 0
std::string clock_text(std::int64_t unix_ms);     // 2026-11-22 10:01:51.047, UTC

}  // namespace shardkeeper::cli::render
