#include "cli/render/live_text.h"

#include <algorithm>

namespace shardkeeper::cli::render {

std::string LiveText::redraw(std::string_view text, int height) {
  // The cursor is hidden, so that it does not jump about, and wrapping is off, so that a line stays one line. Each line is
  // overwritten and its rest cleared: clearing the whole text first would flicker.
  std::string out = "\x1b[?25l\x1b[?7l";
  if (lines_drawn_ > 0) out += "\x1b[" + std::to_string(lines_drawn_) + "A\r";

  const int lines_max = height > 1 ? height - 1 : 0;
  lines_drawn_ = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view rest = text.substr(std::min(end + 1, text.size()));
    if (lines_max > 0 && lines_drawn_ + 1 == lines_max && !rest.empty()) {
      out += "(more lines than the terminal has)\x1b[K\n";
      ++lines_drawn_;
      break;
    }
    out += std::string(text.substr(0, end)) + "\x1b[K\n";
    ++lines_drawn_;
    text = rest;
  }
  return out + "\x1b[J";
}

}  // namespace shardkeeper::cli::render
