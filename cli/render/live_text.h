// A text that is drawn again and again at the same place of a terminal.
#pragma once

#include <string>
#include <string_view>

namespace shardkeeper::cli::render {

class LiveText {
 public:
  // What to write so that `text` stands where the one before stood. The terminal cuts off lines that are wider than it is. More
  // lines than `height` - 1 are cut off with a note, because it cannot go back above its first line; 0: not known, nothing is cut.
  std::string redraw(std::string_view text, int height);

  // What to write at the end: the cursor is shown again below the text, and long lines wrap again. Safe to write more than once.
  static std::string_view end() { return "\x1b[?7h\x1b[?25h"; }

 private:
  int lines_drawn_ = 0;
};

}  // namespace shardkeeper::cli::render
