// What the terminal behind a descriptor can show.
#pragma once

#include "cli/render/look.h"

namespace shardkeeper::cli::render {

struct Terminal {
  bool is_terminal = false;  // false: a file or a pipe; nothing is redrawn there, and lines may have any length
  int height = 0;            // lines; 0: not known
  Look look;                 // now_unix_ms is left 0
};

// Colours only on a terminal, and not with NO_COLOR (any non-empty value) or TERM=dumb. UTF-8 symbols where LC_ALL, LC_CTYPE or LANG (the first
// that is set) names UTF-8. COLUMNS, when set, overrides the width.
Terminal terminal_behind(int descriptor);

}  // namespace shardkeeper::cli::render
