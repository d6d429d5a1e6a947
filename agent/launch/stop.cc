#include "agent/launch/stop.h"

#include "agent/io/volume_layout.h"
#include "agent/launch/clock.h"
#include "agent/launch/exit_codes.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace shardkeeper::launch {
namespace {

constexpr long kGraceMax = 86400;

long long time_for_hand_over_ms(long grace_seconds) { return grace_seconds >= 20 ? (grace_seconds - 10) * 1000LL : grace_seconds * 500LL; }

// Relative to the current folder: the whole path may be longer than a socket address can hold. RETURNS -1 with errno.
int connect_to_agent() {
  const int agent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (agent < 0) return -1;
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  strcpy(address.sun_path, agent::layout::kAgentSocket);
  if (connect(agent, reinterpret_cast<const struct sockaddr*>(&address), sizeof address) == 0) return agent;
  const int reason = errno;
  close(agent);
  errno = reason;
  return -1;
}

int connect_until(long long deadline) {
  for (;;) {
    const int agent = connect_to_agent();
    if (agent >= 0 || errno != EAGAIN || now_ms() >= deadline) return agent;
    poll(nullptr, 0, 20);  // EAGAIN: the agent lives, but its queue is full
  }
}

// Prints each complete line of `text`, moves the rest to its front and RETURNS whether a line began with "done".
bool pass_on_lines(char* text) {
  char* line = text;
  bool is_done = false;
  while (char* const end = strchr(line, '\n')) {
    *end = '\0';
    printf("launch stop: %s\n", line);
    is_done = is_done || strncmp(line, "done", 4) == 0;
    line = end + 1;
  }
  fflush(stdout);
  memmove(text, line, strlen(line) + 1);
  return is_done;
}

void listen_until_done(int agent, long long deadline) {
  char text[1024] = {};
  for (;;) {
    struct pollfd waiting = {agent, POLLIN, 0};
    const long long left = deadline - now_ms();
    if (left <= 0 || poll(&waiting, 1, static_cast<int>(left)) == 0) {
      printf("launch stop: the time for a hand-over is over\n");
      return;
    }
    const size_t size = strlen(text);
    const ssize_t got = recv(agent, text + size, sizeof text - 1 - size, 0);
    if (got <= 0) {  // also when a line fills the whole buffer: that is no agent of ours
      printf("launch stop: the agent went away\n");
      return;
    }
    text[size + static_cast<size_t>(got)] = '\0';
    if (pass_on_lines(text)) return;
  }
}

}  // namespace

int stop(const char* volume_dir, const char* grace_seconds) {
  char* end = nullptr;
  errno = 0;
  const long grace = strtol(grace_seconds, &end, 10);
  if (errno != 0 || end == grace_seconds || *end != '\0' || grace < 0 || grace > kGraceMax) {
    fprintf(stderr, "launch stop: the grace period must be a whole number of seconds from 0 to %ld, got \"%.40s\"\n", kGraceMax,
            grace_seconds);
    return kUsage;
  }
  const long long deadline = now_ms() + time_for_hand_over_ms(grace);
  const int agent = chdir(volume_dir) == 0 ? connect_until(deadline) : -1;
  if (agent < 0) {
    printf("launch stop: no agent listens on %s/%s (%s): nothing to wait for\n", volume_dir, agent::layout::kAgentSocket, strerror(errno));
    return kDone;
  }
  static constexpr char kRequest[] = "stop\n";
  if (send(agent, kRequest, sizeof kRequest - 1, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof kRequest - 1))
    listen_until_done(agent, deadline);
  close(agent);
  return kDone;
}

}  // namespace shardkeeper::launch
