// The bearer token, read anew whenever its file changes: the kubelet replaces it about every hour.
#pragma once

#include "common/error/result.h"
#include "coordinator/platform/kube/client/config.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace shardkeeper::platform::kube {

class Token {
 public:
  explicit Token(const Config& config) : file_(config.token_file), text_(config.token) {}

  // "" when there is none (client certificates). One stat() a call. A file that is gone or empty for a moment leaves the last token.
  // ERRORS kUnavailable: there is a file, it could never be read, and no token was given.
  Result<std::string> current();
  // The server refused the present one: the file is read even if it looks unchanged.
  void distrust() { read_at_.reset(); }

 private:
  struct Mark {
    std::uint64_t inode = 0;
    std::int64_t changed_ns = 0;
    std::int64_t size = 0;

    bool operator==(const Mark&) const = default;
  };
  static std::optional<Mark> mark_of(const std::filesystem::path& file);

  std::filesystem::path file_;
  std::string text_;
  std::optional<Mark> read_at_;
};

}  // namespace shardkeeper::platform::kube
