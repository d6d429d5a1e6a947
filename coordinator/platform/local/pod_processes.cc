#include "coordinator/platform/local/pod_processes.h"

#include <charconv>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>

namespace shardkeeper::platform::local {
namespace {

namespace fs = std::filesystem;

bool is_below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

// "" for another user's process and one that has gone.
std::string working_folder_of(pid_t pid) {
  std::error_code unreadable;
  const auto folder = fs::read_symlink("/proc/" + std::to_string(pid) + "/cwd", unreadable);
  return unreadable ? std::string() : folder.string();
}

bool carries_variable(pid_t pid, const std::string& folder) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/environ", std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  const std::string wanted = std::string(kFolderVariable) + "=" + folder + '\0';
  return text.str().find(wanted) != std::string::npos;
}

// A container's id begins with its process number, which is its session's, too.
pid_t session_of_instance(const ContainerRecord& container) {
  pid_t pid = 0;
  std::from_chars(container.id.data(), container.id.data() + container.id.size(), pid);
  return pid;
}

// /proc shows what a link led to. "" where it leads nowhere.
fs::path led_to(const fs::path& program) {
  std::error_code failed;
  const auto file = fs::canonical(program, failed);
  return failed ? fs::path() : file;
}

std::set<fs::path> servers_of(const LocalOptions& options) {
  std::set<fs::path> servers;
  for (const auto& [tag, server] : options.servers) servers.insert(led_to(server));
  servers.erase(fs::path());
  return servers;
}

}  // namespace

std::vector<WorkingProcess> working_processes() {
  std::vector<WorkingProcess> working;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator("/proc", failed)) {
    const auto name = entry.path().filename().string();
    pid_t pid = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (read.ec != std::errc{} || read.ptr != name.data() + name.size()) continue;
    if (auto folder = working_folder_of(pid); !folder.empty()) working.push_back({pid, std::move(folder)});
  }
  return working;
}

std::vector<FoundProcess> processes_of(const LocalOptions& options, const fs::path& folder, const PodRecord& record,
                                       const std::vector<WorkingProcess>& candidates) {
  std::error_code failed;
  const auto canonical = fs::canonical(folder, failed);  // the kernel shows working folders without symbolic links
  const std::string root = failed ? folder.string() : canonical.string();
  const auto servers = servers_of(options);
  const auto agent = led_to(options.agent_binary);
  const std::set<pid_t> sessions{session_of_instance(record.prepare), session_of_instance(record.agent),
                                 session_of_instance(record.valkey)};
  std::vector<FoundProcess> found;
  for (const auto& [pid, working_folder] : candidates) {
    if (!is_below(working_folder, root)) continue;
    const auto id = identify(pid);
    if (!id || !is_below(working_folder_of(pid), root)) continue;  // the number may be another process's by now
    const pid_t session = session_of(*id);
    std::error_code unreadable;
    const auto executable = fs::read_symlink("/proc/" + std::to_string(pid) + "/exe", unreadable);
    if (unreadable) continue;
    const bool leads_a_program_of_ours = session == pid && (executable == agent || is_below(executable.string(), root));
    if (sessions.contains(session) || servers.contains(executable) || leads_a_program_of_ours || carries_variable(pid, folder.string()))
      found.push_back({*id, session});
  }
  return found;
}

bool is_recorded(const FoundProcess& found, const PodRecord& record) {
  for (const auto* container : {&record.prepare, &record.agent, &record.valkey})
    if (container->process && (container->process == found.id || container->process->pid == found.session)) return true;
  return false;
}

}  // namespace shardkeeper::platform::local
