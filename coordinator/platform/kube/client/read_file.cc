#include "coordinator/platform/kube/client/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace shardkeeper::platform::kube {

Result<std::string> read_file(const std::filesystem::path& file, std::size_t bytes_max) {
  // Without waiting: a path may name a pipe that nobody writes to.
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const auto trouble = [&](int code) {
    const auto words = file.string() + ": " + std::strerror(code);
    return code == ENOENT ? not_found(file.string(), words) : unavailable(file.string(), words);
  };
  if (descriptor == -1) return trouble(errno);
  std::string text;
  std::array<char, 4096> buffer{};
  ssize_t size = 0;
  while (text.size() <= bytes_max && (size = ::read(descriptor, buffer.data(), buffer.size())) > 0)
    text.append(buffer.data(), static_cast<std::size_t>(size));
  const int code = errno;
  ::close(descriptor);
  if (size < 0) return trouble(code);
  if (text.size() > bytes_max) return invalid(file.string(), file.string() + ": is longer than " + std::to_string(bytes_max) + " bytes");
  return text;
}

}  // namespace shardkeeper::platform::kube
