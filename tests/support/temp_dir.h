// A folder of one test's own, with a name short enough for unix sockets (108 bytes).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace shardkeeper::test {

// Made on construction below $TMPDIR or /tmp, removed with all it holds on destruction; SHARDKEEPER_KEEP_TEMP=1 keeps it for a look.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// The whole file; an empty text when it cannot be read.
std::string read_file(const std::filesystem::path& path);
// Throws std::runtime_error when the file cannot be written.
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace shardkeeper::test
