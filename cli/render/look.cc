#include "cli/render/look.h"

namespace shardkeeper::cli::render {
namespace {

std::string_view code_of(Tone tone) {
  switch (tone) {
    case Tone::kPlain: return "";
    case Tone::kBold: return "\x1b[1m";
    case Tone::kDim: return "\x1b[2m";
    case Tone::kGreen: return "\x1b[32m";
    case Tone::kYellow: return "\x1b[33m";
    case Tone::kRed: return "\x1b[31m";
    case Tone::kBlue: return "\x1b[34m";
    case Tone::kMagenta: return "\x1b[35m";
    case Tone::kCyan: return "\x1b[36m";
  }
  return "";
}

}  // namespace

std::string toned(std::string_view text, Tone tone, const Look& look) {
  if (look.colours == Colours::kOff || tone == Tone::kPlain || text.empty()) return std::string(text);
  return std::string(code_of(tone)) + std::string(text) + "\x1b[0m";
}

std::string_view mark_of(Standing standing, const Look& look) {
  const bool utf8 = look.symbols == Symbols::kUtf8;
  switch (standing) {
    case Standing::kGood: return utf8 ? "●" : "+";
    case Standing::kOnItsWay: return utf8 ? "◌" : "~";
    case Standing::kBad: return utf8 ? "✗" : "!";
  }
  return "?";
}

Tone tone_of(Standing standing) {
  switch (standing) {
    case Standing::kGood: return Tone::kGreen;
    case Standing::kOnItsWay: return Tone::kYellow;
    case Standing::kBad: return Tone::kRed;
  }
  return Tone::kPlain;
}

}  // namespace shardkeeper::cli::render
