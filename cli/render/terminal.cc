#include "cli/render/terminal.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace shardkeeper::cli::render {
namespace {

std::string_view environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

bool speaks_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value(environment(name));
    if (value.empty()) continue;
    std::ranges::transform(value, value.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

// Narrower than this nothing could be drawn; wider than this is a broken answer.
bool is_sensible(int width) { return width >= 20 && width <= 10'000; }

}  // namespace

Terminal terminal_behind(int descriptor) {
  Terminal terminal;
  terminal.is_terminal = isatty(descriptor) != 0;
  terminal.look.symbols = speaks_utf8() ? Symbols::kUtf8 : Symbols::kAscii;
  if (!terminal.is_terminal) return terminal;

  const bool colours = environment("NO_COLOR").empty() && environment("TERM") != "dumb";
  terminal.look.colours = colours ? Colours::kOn : Colours::kOff;
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0) {
    terminal.height = size.ws_row;
    if (is_sensible(size.ws_col)) terminal.look.width = size.ws_col;
  }
  int columns = 0;
  const auto text = environment("COLUMNS");
  std::from_chars(text.data(), text.data() + text.size(), columns);
  if (is_sensible(columns)) terminal.look.width = columns;
  return terminal;
}

}  // namespace shardkeeper::cli::render
