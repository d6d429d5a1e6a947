// How a drawing may look: what the terminal can show. Everything in cli/render is a pure function of a message and a Look.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shardkeeper::cli::render {

enum class Colours { kOff, kOn };
enum class Symbols { kAscii, kUtf8 };

struct Look {
  int width = 0;  // columns of the terminal; 0: lines may have any length
  Colours colours = Colours::kOff;
  Symbols symbols = Symbols::kAscii;
  std::int64_t now_unix_ms = 0;  // for ages; 0: ages are left out

  bool operator==(const Look&) const = default;
};

enum class Tone { kPlain, kBold, kDim, kGreen, kYellow, kRed, kBlue, kMagenta, kCyan };

// `text` with the escape codes of its tone, where colours are on.
std::string toned(std::string_view text, Tone tone, const Look& look);

// How something stands, as symbol and colour; the symbol alone must be enough for who sees no colours.
enum class Standing { kGood, kOnItsWay, kBad };

std::string_view mark_of(Standing standing, const Look& look);
Tone tone_of(Standing standing);

}  // namespace shardkeeper::cli::render
