// What is below this process in /proc, and the end of it.
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <map>
#include <set>

namespace shardkeeper::test {
namespace {

struct Entry {
  pid_t parent = 0;
  char state = '?';
};

// "123 (name with ) and blanks) S 1 …": the name may hold anything, so read after the last bracket.
bool parse_stat(const std::string& text, Entry& entry) {
  const auto bracket = text.rfind(')');
  return bracket != std::string::npos && std::sscanf(text.c_str() + bracket + 1, " %c %d", &entry.state, &entry.parent) == 2;
}

std::map<pid_t, Entry> read_processes() {
  std::map<pid_t, Entry> processes;
  std::error_code ignored;
  for (const auto& folder : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = folder.path().filename();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != name.data() + name.size()) continue;
    Entry entry;
    if (parse_stat(read_file(folder.path() / "stat"), entry)) processes[pid] = entry;
  }
  return processes;
}

}  // namespace

ProcessTree::ProcessTree() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

ProcessTree::~ProcessTree() {
  kill_all();
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

std::vector<pid_t> ProcessTree::descendants() {
  const auto processes = read_processes();
  std::vector<pid_t> found{::getpid()};
  for (std::size_t i = 0; i < found.size(); ++i)
    for (const auto& [pid, entry] : processes)
      if (entry.parent == found[i] && entry.state != 'Z') found.push_back(pid);
  found.erase(found.begin());
  return found;
}

int ProcessTree::kill_all() {
  std::set<pid_t> killed;
  // Parents first, so that nothing restarts what was killed; again until nothing new was forked meanwhile.
  const bool all_gone = wait_until([&killed] {
    const auto living = descendants();
    for (const pid_t pid : living)
      if (::kill(pid, SIGKILL) == 0) killed.insert(pid);
    // Orphans were handed to this process; direct children belong to their ChildProcess, which copes with a missing one.
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {}
    return living.empty();
  });
  if (!all_gone) std::fprintf(stderr, "ProcessTree: some processes could not be killed\n");
  return static_cast<int>(killed.size());
}

}  // namespace shardkeeper::test
