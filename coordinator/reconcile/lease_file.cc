#include "coordinator/reconcile/lease_file.h"

#include <boost/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

namespace shardkeeper::reconcile {
namespace {

constexpr std::size_t kContentBytesMax = 512;  // one line; far below a disk block, so that it is written at once

std::string system_words() { return std::strerror(errno); }

// Whether `lock` got the whole file. EAGAIN or EACCES: somebody else has it.
bool lock_whole(int descriptor) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  // An open file description's lock (OFD): unlike a POSIX record lock it is not lost when another part of this process opens and
  // closes the file (holder() does), and unlike both it never counts as our own in a second LeaseFile of this process.
  return ::fcntl(descriptor, F_OFD_SETLK, &whole) == 0;
}

bool is_file_at(int descriptor, const std::filesystem::path& file) {
  struct stat ours {};
  struct stat there {};
  return ::fstat(descriptor, &ours) == 0 && ::stat(file.c_str(), &there) == 0 && ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

std::string to_line(const LeaseHolder& holder) {
  return boost::json::serialize(boost::json::object{{"holder", holder.name}, {"pid", holder.pid}, {"transitions", holder.transitions}}) +
         "\n";
}

// Only the first line counts: a crash between writing and cutting may leave the rest of a longer one.
std::optional<LeaseHolder> parse_line(std::string_view text) {
  boost::system::error_code failed;
  const auto value = boost::json::parse(text.substr(0, text.find('\n')), failed);
  if (failed || !value.is_object()) return std::nullopt;
  const auto* name = value.as_object().if_contains("holder");
  const auto* pid = value.as_object().if_contains("pid");
  const auto* transitions = value.as_object().if_contains("transitions");
  if (name == nullptr || !name->is_string() || pid == nullptr || !pid->is_int64() || transitions == nullptr) return std::nullopt;
  boost::system::error_code not_a_count;
  const auto count = transitions->to_number<std::uint64_t>(not_a_count);
  if (not_a_count) return std::nullopt;
  return LeaseHolder{std::string(name->as_string()), static_cast<int>(pid->as_int64()), count};
}

std::optional<LeaseHolder> read_holder(int descriptor) {
  char text[kContentBytesMax];
  const auto length = ::pread(descriptor, text, sizeof text, 0);
  if (length <= 0) return std::nullopt;
  return parse_line(std::string_view(text, static_cast<std::size_t>(length)));
}

std::string describe(const std::optional<LeaseHolder>& holder) {
  if (!holder) return "another process";
  return holder->name + " (process " + std::to_string(holder->pid) + ")";
}

}  // namespace

LeaseFile::LeaseFile(std::filesystem::path file, std::string holder) : file_(std::move(file)), holder_name_(std::move(holder)) {}

LeaseFile::~LeaseFile() { release(); }

Result<FenceToken> LeaseFile::try_acquire() {
  if (lock_ != -1) return FenceToken{transitions_};
  const int descriptor = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor == -1) return unavailable(file_.string(), "the lease file cannot be opened: " + system_words());
  if (!lock_whole(descriptor)) {
    auto because = errno == EAGAIN || errno == EACCES
                       ? refused(file_.string(), "the lease is held by " + describe(read_holder(descriptor)) +
                                                     "; this one takes over when that process ends")
                       : unavailable(file_.string(), "the lease file cannot be locked: " + system_words());
    ::close(descriptor);
    return because;
  }
  // Deleted between open and lock: what is locked is no longer what the next process will open.
  if (!is_file_at(descriptor, file_)) {
    ::close(descriptor);
    return conflict(file_.string(), "the lease file was replaced while it was being locked; trying again");
  }
  const auto before = read_holder(descriptor);
  lock_ = descriptor;
  const auto token = write_count(before ? before->transitions + 1 : 1);
  if (!token) release();
  return token;
}

Result<FenceToken> LeaseFile::raise_above(FenceToken seen) {
  if (const auto ours = check(); !ours) return ours.error();
  return write_count(std::max(transitions_, seen.value) + 1);
}

Result<void> LeaseFile::check() const {
  if (lock_ == -1) return conflict(file_.string(), "the lease is not held by this process");
  if (!is_file_at(lock_, file_))
    return conflict(file_.string(), "the lease file was deleted or replaced; another process may hold the new one");
  return {};
}

std::optional<LeaseHolder> LeaseFile::holder() const {
  const int descriptor = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor == -1) return std::nullopt;
  const auto holder = read_holder(descriptor);
  ::close(descriptor);
  return holder;
}

std::optional<FenceToken> LeaseFile::token() const {
  if (lock_ == -1) return std::nullopt;
  return FenceToken{transitions_};
}

void LeaseFile::release() {
  if (lock_ != -1) ::close(lock_);
  lock_ = -1;
}

// In place, never by rename: the lock belongs to this very file. fsync before the token is used: a count that is lost in a power
// failure would be given out twice.
Result<FenceToken> LeaseFile::write_count(std::uint64_t transitions) {
  const auto line = to_line({holder_name_, ::getpid(), transitions});
  if (line.size() > kContentBytesMax)
    return invalid(file_.string(), "the holder's name is too long: " + std::to_string(holder_name_.size()) + " bytes");
  const auto length = static_cast<ssize_t>(line.size());
  if (::pwrite(lock_, line.data(), line.size(), 0) != length || ::ftruncate(lock_, length) != 0 || ::fsync(lock_) != 0)
    return unavailable(file_.string(), "the lease file cannot be written: " + system_words());
  transitions_ = transitions;
  return FenceToken{transitions_};
}

}  // namespace shardkeeper::reconcile
