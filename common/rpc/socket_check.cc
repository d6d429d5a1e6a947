#include "common/rpc/socket_check.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace shardkeeper::rpc {
namespace {

std::string reason(int code) { return std::generic_category().message(code); }

Result<void> check_length(const std::filesystem::path& path) {
  const std::size_t length = path.string().size();
  if (length > 0 && length <= kSocketPathBytesMax) return {};
  return invalid(path.string(), "is " + std::to_string(length) + " bytes long; the path of a unix socket has 1 to " +
                                    std::to_string(kSocketPathBytesMax) + "; choose a shorter folder");
}

// Zero when somebody accepted, else errno. REQUIRES a path that fits.
int try_connect(const std::filesystem::path& path) {
  const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (client < 0) return errno;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), kSocketPathBytesMax);
  const int failed = ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  ::close(client);
  return failed == EAGAIN ? 0 : failed;  // its queue is full: somebody is there
}

}  // namespace

Result<void> check_can_listen_on_socket(const std::filesystem::path& path) {
  if (const auto checked = check_length(path); !checked) return checked;
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  if (::access(folder.c_str(), W_OK | X_OK) != 0) return unavailable(folder.string(), "a socket cannot be made there: " + reason(errno));
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode)) return invalid(path.string(), "is no socket; remove it or choose another path");
  if (try_connect(path) == 0)
    return conflict(path.string(), "another coordinator listens on it; stop that one, or choose another state folder");
  return {};
}

Result<void> check_somebody_listens(const std::filesystem::path& path) {
  if (const auto checked = check_length(path); !checked) return checked;
  const int failed = try_connect(path);
  if (failed == 0) return {};
  if (failed == EACCES) return unavailable(path.string(), "permission denied; run as the user who started the coordinator");
  const std::string why = failed == ENOENT ? "" : " (" + reason(failed) + ")";
  return unavailable(path.string(), "no coordinator listens on it" + why +
                                        "; start one with shardkeeper-coordinator, or name its socket in SHARDKEEPER_SOCKET");
}

}  // namespace shardkeeper::rpc
