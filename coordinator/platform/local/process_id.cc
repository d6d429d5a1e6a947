#include "coordinator/platform/local/process_id.h"

#include <unistd.h>
#include "coordinator/platform/local/pidfd.h"

#include <charconv>
#include <csignal>
#include <fstream>
#include <sstream>

namespace shardkeeper::platform::local {
namespace {

constexpr int kStateField = 3;  // as proc(5) numbers the fields of /proc/PID/stat
constexpr int kSessionField = 6;
constexpr int kStartTimeField = 22;

struct Stat {
  char state = 0;
  pid_t session = 0;
  std::uint64_t start_ticks = 0;
};

// The second field is the program's name in parentheses and may itself hold spaces and parentheses: counting begins after the last one.
std::optional<Stat> parse_stat(const std::string& text) {
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  Stat stat;
  std::string field;
  for (int number = kStateField; number <= kStartTimeField && fields >> field; ++number) {
    if (number == kStateField) stat.state = field.front();
    if (number == kSessionField) std::from_chars(field.data(), field.data() + field.size(), stat.session);
    if (number != kStartTimeField) continue;
    const auto read = std::from_chars(field.data(), field.data() + field.size(), stat.start_ticks);
    if (read.ec == std::errc{}) return stat;
  }
  return std::nullopt;
}

std::optional<Stat> stat_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  auto stat = parse_stat(line);
  if (stat && (stat->state == 'Z' || stat->state == 'X')) return std::nullopt;
  return stat;
}

const std::string& boot_id() {
  static const std::string id = [] {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string text;
    std::getline(file, text);
    return text;
  }();
  return id;
}

}  // namespace

std::string to_string(const ProcessId& id) { return std::to_string(id.pid) + "." + std::to_string(id.start_ticks); }

std::optional<ProcessId> identify(pid_t pid) {
  const auto stat = stat_of(pid);
  if (!stat) return std::nullopt;
  return ProcessId{pid, stat->start_ticks, boot_id()};
}

pid_t session_of(const ProcessId& id) {
  const auto stat = stat_of(id.pid);
  return stat && stat->start_ticks == id.start_ticks ? stat->session : 0;
}

void kill_exactly(const ProcessId& id) {
  // The descriptor first, the check second: from then on the number cannot come to mean another process.
  const int descriptor = ::pidfd_open(id.pid, 0);
  if (descriptor == -1) return;
  if (identify(id.pid) == id) ::pidfd_send_signal(descriptor, SIGKILL, nullptr, 0);
  ::close(descriptor);
}

}  // namespace shardkeeper::platform::local
