#include "agent/launch/start.h"

#include "agent/launch/grant_wait.h"
#include "agent/launch/lock_file.h"
#include "agent/launch/server_version.h"
#include "agent/launch/volume.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <initializer_list>

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shardkeeper::launch {
namespace {

namespace layout = agent::layout;

void end_by_signal(int number) { _exit(kSignalled + number); }

void handle_signals() {
  struct sigaction action = {};
  action.sa_handler = end_by_signal;
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaction(number, &action, nullptr);
  // Whoever started us may have blocked signals; the server needs them. Handlers go back to their defaults at exec by themselves.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool is_leftover(const char* name) {
  const size_t length = strlen(name);
  const bool is_rdb = length > 4 && strcmp(name + length - 4, ".rdb") == 0;
  return is_rdb || strncmp(name, "nodes.conf.", 11) == 0;  // half-written copies of nodes.conf
}

void remove_leftovers(const Volume& volume) {
  const int fd = openat(volume.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const folder = fd < 0 ? nullptr : fdopendir(fd);
  if (folder == nullptr) volume.fail(kVolumeTrouble, "cannot list %s: %s", volume.path(), describe(errno));
  while (const struct dirent* const entry = readdir(folder))
    if (is_leftover(entry->d_name)) volume.remove(entry->d_name);
  closedir(folder);
}

// Every start is a new node: an old identity with no data would wipe its replicas. The agent reads the old id in last/.
void retire_last_life(const Volume& volume) {
  if (mkdirat(volume.fd(), layout::kLastFolder, 0700) != 0 && errno != EEXIST)
    volume.fail(kVolumeTrouble, "cannot make %s/%s: %s", volume.path(), layout::kLastFolder, describe(errno));
  if (renameat(volume.fd(), layout::kNodesConf, volume.fd(), layout::kLastNodesConf) != 0 && errno != ENOENT)
    volume.fail(kVolumeTrouble, "cannot move %s/%s to %s: %s", volume.path(), layout::kNodesConf, layout::kLastFolder, describe(errno));
  remove_leftovers(volume);
}

void ask_for_start(const Volume& volume, const StartId& id, const VersionText& version) {
  char request[sizeof id.text + sizeof version.text + 2];
  snprintf(request, sizeof request, "%s %s\n", id.text, version.text);
  volume.replace(layout::kRequest, request);
  volume.remove(layout::kLaunchError);
}

// Lock first, then the grant is used up: whoever sees the lock free and no grant knows that nothing runs and nothing is about to. Two
// launches on one volume cannot both get through, since the second finds the grant gone or replaced.
void pass_gate(const Volume& volume, LockFile& lock, const StartId& id) {
  for (;;) {
    wait_for_grant(volume, id);
    lock.take();
    if (is_granted(volume, id)) return;
    lock.release();
  }
}

void say_why(const Volume& volume, const VersionText& version) {
  const SmallText grant = volume.read(layout::kGrant);
  const char* const evidence = grant.text + grant.first_line_length() + 1;
  fprintf(stderr, "launch: starting Valkey %s; granted because: %.*s\n", version.text, static_cast<int>(strcspn(evidence, "\n")), evidence);
}

[[noreturn]] void become_server(const Volume& volume, const char* server) {
  // A core of a server is its whole memory on the worker's disk, and writing it delays the release of the lock.
  const struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  char conf[4096];
  snprintf(conf, sizeof conf, "%s/%s", volume.path(), layout::kServerConf);
  char* const arguments[] = {const_cast<char*>(server), conf, nullptr};
  execvp(server, arguments);
  volume.fail(kServerTrouble, "cannot execute the server %s: %s", server, describe(errno));
}

}  // namespace

void start(const char* volume_dir, const char* server) {
  handle_signals();
  const Volume volume(volume_dir);
  fail_if_server_runs(volume);
  // What an earlier start asked for and got is void from here on.
  volume.remove(layout::kRequest);
  volume.remove(layout::kGrant);
  retire_last_life(volume);

  const VersionText version = server_version(volume, server);
  const StartId id = random_start_id(volume);
  LockFile lock(volume);
  ask_for_start(volume, id, version);
  pass_gate(volume, lock, id);

  retire_last_life(volume);  // again: nothing may have run in between, but an old identity here would cost the shard its data
  say_why(volume, version);
  // The request goes too: once the server has died, a request on the volume must mean that somebody waits.
  volume.remove(layout::kGrant);
  volume.remove(layout::kRequest);
  become_server(volume, server);
}

}  // namespace shardkeeper::launch
