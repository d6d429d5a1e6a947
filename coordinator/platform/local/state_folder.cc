#include "coordinator/platform/local/state_folder.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fcntl.h>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace shardkeeper::platform::local {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileBytesMax = 1 << 20;
constexpr std::size_t kSocketPathMax = sizeof(sockaddr_un::sun_path) - 1;  // 107: the kernel's limit less the closing zero
constexpr std::string_view kLongestSocket = "/volume/valkey.sock";         // below a pod's folder
constexpr std::size_t kPodSuffixLength = 6;                                // "-7x2kq"

std::string reason(int error) { return std::strerror(error); }

// Removes the file unless it was renamed into place.
struct TemporaryFile {
  fs::path path;
  int descriptor = -1;

  ~TemporaryFile() {
    if (descriptor != -1) ::close(descriptor);
    if (!path.empty()) ::unlink(path.c_str());
  }
};

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<void> check_socket_path(const fs::path& pods, std::size_t name_length) {
  const auto length = pods.string().size() + 1 + name_length + kLongestSocket.size();
  if (length <= kSocketPathMax) return {};
  return invalid(pods.string(), "too long by " + std::to_string(length - kSocketPathMax) +
                                    " bytes for the unix sockets of pods below it (the kernel takes " + std::to_string(kSocketPathMax) +
                                    "); choose a shorter --state-dir or cluster name");
}

void delete_leftovers(const fs::path& pods) {
  std::error_code ignored;  // tried again at the next start
  for (const auto& entry : fs::directory_iterator(pods, ignored))
    if (entry.path().filename().string().starts_with('.')) fs::remove_all(entry.path(), ignored);
}

}  // namespace

bool is_dns_label(std::string_view name) {
  const auto is_letter_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 63 && is_letter_or_digit(name.front()) && is_letter_or_digit(name.back()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_letter_or_digit(c) || c == '-'; });
}

Result<StateFolder> StateFolder::open(const fs::path& root) {
  std::error_code failed;
  const auto absolute = fs::absolute(root, failed);
  if (failed || root.empty()) return invalid("state folder '" + root.string() + "'", "not a path");
  StateFolder folder(absolute.lexically_normal());
  if (const auto fits = check_socket_path(folder.pods(), 1 + kPodSuffixLength); !fits) return fits.error();
  for (const auto& path : {folder.root_, folder.clusters(), folder.pods()})
    if (const auto made = make_folder(path); !made) return made.error();
  // Found now rather than at the first pod: a read-only file system, a full disk, another user's folder.
  const auto probe = folder.root_ / ".writable";
  if (const auto written = write_file(probe, "x"); !written) return written.error();
  ::unlink(probe.c_str());
  delete_leftovers(folder.pods());
  return folder;
}

Result<void> StateFolder::check_cluster_name(const ClusterName& cluster) const {
  if (!is_dns_label(cluster.value) || cluster.value.size() + kPodSuffixLength > 63)
    return invalid("cluster '" + cluster.value.substr(0, 80) + "'",
                   "its name must be 1 to 57 of a-z, 0-9 and -, and begin and end with a letter or digit");
  return check_socket_path(pods(), cluster.value.size() + kPodSuffixLength);
}

Result<void> StateFolder::check_pod_name(const PodName& pod) const {
  if (!is_dns_label(pod.value))
    return invalid("pod '" + pod.value.substr(0, 80) + "'",
                   "its name must be 1 to 63 of a-z, 0-9 and -, and begin and end with a letter or digit");
  return check_socket_path(pods(), pod.value.size());
}

std::vector<PodName> StateFolder::pod_names() const {
  std::vector<PodName> names;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(pods(), failed)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with('.') && entry.is_directory(failed)) names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> make_folder(const fs::path& folder) {
  std::error_code failed;
  if (!folder.parent_path().empty()) fs::create_directories(folder.parent_path(), failed);
  if (!failed && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) failed.assign(errno, std::generic_category());
  std::error_code unseen;
  if (!failed && !fs::is_directory(folder, unseen)) failed = std::make_error_code(std::errc::not_a_directory);
  if (failed) return unavailable(folder.string(), "the folder cannot be made: " + failed.message());
  return {};
}

Result<void> write_file(const fs::path& file, std::string_view text) {
  const auto failed = [&] { return unavailable(file.string(), "cannot be written: " + reason(errno)); };
  TemporaryFile temporary;
  temporary.path = file.string() + ".new";
  temporary.descriptor = ::open(temporary.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (temporary.descriptor == -1 || !write_all(temporary.descriptor, text)) return failed();
  if (std::rename(temporary.path.c_str(), file.c_str()) != 0) return failed();
  temporary.path.clear();
  return {};
}

Result<std::string> read_file(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor == -1) {
    if (errno == ENOENT) return not_found(file.string(), "there is no such file");
    return unavailable(file.string(), "cannot be read: " + reason(errno));
  }
  std::string text(kFileBytesMax + 1, '\0');
  std::size_t length = 0;
  ssize_t got = 0;
  while (length < text.size() && (got = ::read(descriptor, text.data() + length, text.size() - length)) > 0)
    length += static_cast<std::size_t>(got);
  const int error = got < 0 ? errno : 0;
  ::close(descriptor);
  if (error != 0) return unavailable(file.string(), "cannot be read: " + reason(error));
  if (length > kFileBytesMax) return invalid(file.string(), "longer than 1 MiB; it was not written by a coordinator");
  text.resize(length);
  return text;
}

}  // namespace shardkeeper::platform::local
