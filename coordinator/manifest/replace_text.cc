#include "coordinator/manifest/replace_text.h"

#include "coordinator/manifest/manifest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace shardkeeper::manifest {
namespace {

constexpr mode_t kPermissionBits = 07777;
constexpr mode_t kAnyWriteBit = 0222;

// A file beside the one to be replaced, gone unless it took its place.
class Beside {
 public:
  explicit Beside(const std::string& path) : path_(path + ".XXXXXX"), descriptor_(mkostemp(path_.data(), O_CLOEXEC)) {}
  ~Beside() {
    if (descriptor_ < 0) return;
    close(descriptor_);
    if (!is_in_place_) unlink(path_.c_str());
  }
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

  // What follows tells by errno what went wrong.
  bool is_open() const { return descriptor_ >= 0; }
  bool looks_like(const struct stat& about) const {
    return fchown(descriptor_, about.st_uid, about.st_gid) == 0 && fchmod(descriptor_, about.st_mode & kPermissionBits) == 0;
  }
  bool write_all(const std::string& text) const {
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t wrote = write(descriptor_, text.data() + done, text.size() - done);
      if (wrote < 0 && errno != EINTR) return false;
      if (wrote > 0) done += static_cast<std::size_t>(wrote);
    }
    // Without it a power cut could leave an empty file under the old name.
    return fsync(descriptor_) == 0;
  }
  bool take_place_of(const std::string& path) {
    is_in_place_ = rename(path_.c_str(), path.c_str()) == 0;
    return is_in_place_;
  }

 private:
  std::string path_;
  const int descriptor_;
  bool is_in_place_ = false;
};

bool is_same(const struct stat& one, const struct stat& other) {
  return one.st_ino == other.st_ino && one.st_size == other.st_size && one.st_mtim.tv_sec == other.st_mtim.tv_sec &&
         one.st_mtim.tv_nsec == other.st_mtim.tv_nsec;
}

Error trouble(const std::string& path, const char* what) {
  const bool is_refusal = errno == EACCES || errno == EPERM || errno == EROFS;
  const std::string detail = std::string(what) + ": " + std::strerror(errno);
  return is_refusal ? refused(path, detail + "; edit it as somebody who may") : unavailable(path, detail);
}

Result<void> may_be_edited(const std::string& path, const struct stat& about) {
  if (!S_ISREG(about.st_mode)) return refused(path, "is not a regular file");
  if (about.st_size > static_cast<off_t>(kFileBytesMax)) return refused(path, "is larger than 1 MiB");
  // Renaming needs a writable folder only, and root may write anything: so what the file itself says is asked.
  if ((about.st_mode & kAnyWriteBit) == 0) return refused(path, "is read-only; make it writable, or edit it where it comes from");
  if (access(path.c_str(), W_OK) != 0) return trouble(path, "cannot be written");
  return {};
}

Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) return unavailable(path, "cannot be read");
  return text;
}

}  // namespace

Result<bool> replace_text(const std::string& path, const std::function<Result<std::string>(const std::string& text)>& edit) {
  std::error_code failed;
  const std::string target = std::filesystem::canonical(path, failed).string();
  if (failed) return unavailable(path, "cannot be found: " + failed.message());
  struct stat before {};
  if (stat(target.c_str(), &before) != 0) return trouble(path, "cannot be read");
  if (const auto allowed = may_be_edited(target, before); !allowed) return allowed.error();
  const auto text = read_text(target);
  if (!text) return text.error();
  const auto edited = edit(*text);
  if (!edited) return edited.error();
  if (*edited == *text) return false;

  Beside beside(target);
  if (!beside.is_open()) return trouble(path, "cannot be replaced: no file can be made beside it");
  if (!beside.looks_like(before)) return trouble(path, "cannot be replaced: its owner would change");
  if (!beside.write_all(*edited)) return trouble(path, "cannot be written");
  struct stat now {};
  if (stat(target.c_str(), &now) != 0 || !is_same(before, now)) return conflict(path, "was changed by somebody else meanwhile; try again");
  if (!beside.take_place_of(target)) return trouble(path, "cannot be replaced");
  return true;
}

}  // namespace shardkeeper::manifest
