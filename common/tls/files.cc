#include "common/tls/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace shardkeeper::tls::files {
namespace {

std::string reason(int code) { return std::generic_category().message(code); }

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  int number_;
};

// Zero, or errno.
int write_all(int file, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::write(file, text.data() + done, text.size() - done);
    if (wrote < 0 && errno != EINTR) return errno;
    if (wrote > 0) done += static_cast<std::size_t>(wrote);
  }
  return ::fsync(file) == 0 ? 0 : errno;
}

}  // namespace

Result<void> write_atomically(const std::filesystem::path& path, const std::string& text, mode_t mode) {
  const std::string half = path.string() + ".new";
  ::unlink(half.c_str());  // left by a process that was killed; its mode may be another one
  int failed = 0;
  {
    const Descriptor file(::open(half.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    failed = file.get() < 0 ? errno : write_all(file.get(), text);
  }
  if (failed == 0 && ::rename(half.c_str(), path.c_str()) != 0) failed = errno;
  if (failed == 0) return {};
  ::unlink(half.c_str());
  return unavailable(path.string(), "cannot be written: " + reason(failed));
}

Result<std::string> read(const std::filesystem::path& path, std::size_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 && errno == ENOENT) return not_found(path.string(), "no such file");
  if (file.get() < 0) return unavailable(path.string(), "cannot be read: " + reason(errno));
  std::string text(bytes_max + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got == 0) break;
    if (got < 0 && errno != EINTR) return unavailable(path.string(), "cannot be read: " + reason(errno));
    if (got > 0) size += static_cast<std::size_t>(got);
  }
  if (size > bytes_max) return invalid(path.string(), "is longer than " + std::to_string(bytes_max) + " bytes");
  text.resize(size);
  return text;
}

Result<void> make_private_folder(const std::filesystem::path& dir) {
  std::error_code failed;
  if (std::filesystem::is_directory(dir, failed)) return {};
  if (dir.has_parent_path()) std::filesystem::create_directories(dir.parent_path(), failed);
  if (!failed && ::mkdir(dir.c_str(), S_IRWXU) != 0 && errno != EEXIST) failed.assign(errno, std::generic_category());
  if (failed) return unavailable(dir.string(), "folder cannot be made: " + failed.message());
  return {};
}

}  // namespace shardkeeper::tls::files
