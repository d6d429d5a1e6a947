#include "agent/io/volume_files.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shardkeeper::agent {
namespace {

class File {
 public:
  File(const std::filesystem::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

 private:
  int fd_;
};

enum class Durability { kRenamed, kSynced };

struct How {
  Durability durability = Durability::kRenamed;
  mode_t mode = 0600;
};

// RETURNS 0 or an errno.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return ENOSPC;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int write_beside(const std::filesystem::path& beside, std::string_view text, How how) {
  const File file(beside, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file.is_open()) return errno;
  if (const int failed = write_all(file.fd(), text); failed != 0) return failed;
  if (::fchmod(file.fd(), how.mode) != 0) return errno;  // whatever the umask is
  return how.durability == Durability::kSynced && ::fsync(file.fd()) != 0 ? errno : 0;
}

int sync_folder(const std::filesystem::path& folder) {
  const File file(folder, O_RDONLY | O_DIRECTORY);
  return file.is_open() && ::fsync(file.fd()) == 0 ? 0 : errno;
}

Result<void> replace(const std::filesystem::path& path, std::string_view text, How how) {
  const std::filesystem::path beside = path.string() + ".tmp";
  int failed = write_beside(beside, text, how);
  if (failed == 0 && ::rename(beside.c_str(), path.c_str()) != 0) failed = errno;
  if (failed != 0) {
    ::unlink(beside.c_str());
    return file_error(path, "cannot be written", failed);
  }
  if (how.durability == Durability::kSynced) failed = sync_folder(path.parent_path());
  if (failed != 0) return file_error(path, "cannot be synced to disk", failed);
  return {};
}

std::string_view way_out(int error_number) {
  switch (error_number) {
    case ENOSPC: return "; raise the volume's size limit, or free space on the worker";
    case EDQUOT: return "; raise the volume's quota";
    case EROFS: return "; mount the volume writable";
    case EACCES:
    case EPERM: return "; all containers of the pod must run as the same user";
    default: return "";
  }
}

}  // namespace

Error file_error(const std::filesystem::path& path, std::string_view doing, int error_number) {
  return unavailable(path.string(),
                     std::string(doing) + ": " + std::generic_category().message(error_number) + std::string(way_out(error_number)));
}

Result<std::string> read_small_file(const std::filesystem::path& path, std::size_t bytes_max) {
  const File file(path, O_RDONLY);
  if (!file.is_open() && errno == ENOENT) return not_found(path.string(), "no such file");
  if (!file.is_open()) return file_error(path, "cannot be opened", errno);
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(file.fd(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error(path, "cannot be read", errno);
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > bytes_max)
      return invalid(path.string(), "is longer than " + std::to_string(bytes_max) + " bytes; it was not written by Shardkeeper");
  }
}

Result<void> replace_file(const std::filesystem::path& path, std::string_view text) { return replace(path, text, {}); }

Result<void> replace_file_durably(const std::filesystem::path& path, std::string_view text) {
  return replace(path, text, {.durability = Durability::kSynced});
}

Result<void> replace_program(const std::filesystem::path& path, std::string_view bytes) { return replace(path, bytes, {.mode = 0755}); }

}  // namespace shardkeeper::agent
