#include "coordinator/platform/kube/client/token.h"

#include "coordinator/platform/kube/client/read_file.h"

#include <sys/stat.h>

#include <algorithm>

namespace shardkeeper::platform::kube {
namespace {

constexpr std::size_t kTokenBytesMax = 64 * 1024;

// Whatever could end a header line is no part of a token.
std::string cleaned(std::string text) {
  std::erase_if(text, [](char c) { return c <= ' ' || c > '~'; });
  return text;
}

}  // namespace

// Follows links: a projected token is one to a folder that is swapped whole.
std::optional<Token::Mark> Token::mark_of(const std::filesystem::path& file) {
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0) return std::nullopt;
  return Mark{about.st_ino, about.st_mtim.tv_sec * 1'000'000'000 + about.st_mtim.tv_nsec, about.st_size};
}

Result<std::string> Token::current() {
  if (file_.empty()) return cleaned(text_);
  const auto mark = mark_of(file_);
  if (mark && mark != read_at_) {
    const auto text = read_file(file_, kTokenBytesMax);
    if (text && !cleaned(*text).empty()) {
      text_ = cleaned(*text);
      read_at_ = mark;
    }
  }
  if (text_.empty()) return unavailable(file_.string(), "the token file is missing, empty or not readable");
  return text_;
}

}  // namespace shardkeeper::platform::kube
