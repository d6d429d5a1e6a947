#include "agent/prepare/prepare.h"

#include "agent/io/pod_volume_settings.h"
#include "agent/io/volume_files.h"
#include "agent/io/volume_layout.h"

#include <cerrno>
#include <cstring>
#include <initializer_list>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace shardkeeper::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLaunchBytesMax = 4 * 1024 * 1024;
constexpr std::size_t kPasswordBytes = 32;

Result<std::string> random_password() {
  unsigned char bytes[kPasswordBytes];
  if (::getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) return unavailable("random bytes", std::strerror(errno));
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string password;
  for (const unsigned char byte : bytes) {
    password += kHex[byte >> 4U];
    password += kHex[byte & 0xfU];
  }
  return password;
}

Result<void> check_socket_paths(const fs::path& volume) {
  for (const char* const name : {layout::kServerSocket, layout::kAgentSocket}) {
    const std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
    if ((volume / name).string().size() > longest)
      return invalid((volume / name).string(),
                     "is too long for a unix socket (at most " + std::to_string(longest) + " bytes); use a shorter folder");
  }
  return {};
}

// Whatever the settings lack shows now, and not when the first server waits at the gate. Settings are judged alike for all versions.
Result<void> check_settings(const ServerSettings& settings, const fs::path& volume) {
  const RenderInput input{settings, {std::string(kAgentUser), "notyetmade"}, volume.string()};
  const auto rendered = render_config(input, ServerVersion{8, 0, 0});
  if (!rendered) return rendered.error();
  return {};
}

Result<void> make_folder(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) return file_error(folder, "cannot be made", failed.value());
  return {};
}

// Opened, never truncated or renamed over.
Result<void> make_lock_once(const fs::path& lock) {
  const int fd = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return file_error(lock, "cannot be made", errno);
  struct stat status = {};
  const bool is_file = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  ::close(fd);
  if (!is_file) return invalid(lock.string(), "is no ordinary file; give the pod an empty volume");
  return {};
}

Result<void> make_secrets_once(const fs::path& volume) {
  const fs::path path = volume / layout::kSecrets;
  std::error_code failed;
  if (fs::exists(path, failed)) {
    const auto login = read_agent_login(volume);
    if (!login) return Error{login.error().kind, login.error().where, login.error().detail + "; give the pod an empty volume"};
    return {};
  }
  const auto password = random_password();
  if (!password) return password.error();
  return replace_file(path, secrets_text({std::string(kAgentUser), *password}));
}

fs::path launch_beside_this_program() {
  std::error_code failed;
  return fs::read_symlink("/proc/self/exe", failed).parent_path() / "launch";
}

Result<void> copy_launch(const fs::path& from, const fs::path& to) {
  const auto program = read_small_file(from, kLaunchBytesMax);
  if (!program) return program.error();
  return replace_program(to, *program);
}

}  // namespace

Result<void> prepare(const PrepareOptions& options) {
  const fs::path volume = fs::absolute(options.volume).lexically_normal();
  const fs::path launch = options.launch_binary.empty() ? launch_beside_this_program() : options.launch_binary;
  ServerSettings settings = options.settings;
  if (settings.announce.bus_port == 0) settings.announce.bus_port = bus_port_of(settings.cluster_uid);

  if (auto checked = check_socket_paths(volume); !checked) return checked;
  if (auto checked = check_settings(settings, volume); !checked) return checked;
  for (const fs::path& folder : {volume, volume / layout::kLastFolder, volume / layout::kTlsFolder})
    if (auto made = make_folder(folder); !made) return made;
  if (auto made = make_lock_once(volume / layout::kLock); !made) return made;
  if (auto made = make_secrets_once(volume); !made) return made;
  if (auto copied = copy_launch(launch, volume / layout::kLaunch); !copied) return copied;
  return replace_file(volume / layout::kSettings, settings_text(settings));
}

}  // namespace shardkeeper::agent
