#include "agent/launch/grant_wait.h"

#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <unistd.h>

namespace shardkeeper::launch {
namespace {

constexpr int kLookWithoutEventsMs = 5;
constexpr int kLookWithEventsMs = 1000;  // a net: a volume whose file system reports no changes must not keep the gate shut for ever

// RETURNS -1 when there is none to be had.
int watch_folder(const Volume& volume) {
  const int events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (events >= 0 && inotify_add_watch(events, volume.path(), IN_MOVED_TO | IN_CLOSE_WRITE) >= 0) return events;
  if (events >= 0) close(events);
  return -1;
}

void drop_events(int events) {
  alignas(struct inotify_event) char buffer[4096];
  while (read(events, buffer, sizeof buffer) > 0) {}
}

}  // namespace

StartId random_start_id(const Volume& volume) {
  unsigned char bytes[agent::layout::kStartIdLength / 2];
  if (getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes))
    volume.fail(kVolumeTrouble, "cannot get random bytes: %s", describe(errno));
  static constexpr char kHex[] = "0123456789abcdef";
  StartId id;
  for (size_t i = 0; i < sizeof bytes; ++i) {
    id.text[2 * i] = kHex[bytes[i] >> 4U];
    id.text[2 * i + 1] = kHex[bytes[i] & 0xfU];
  }
  return id;
}

bool is_granted(const Volume& volume, const StartId& id) {
  const SmallText grant = volume.read(agent::layout::kGrant);
  return grant.first_line_length() == agent::layout::kStartIdLength && memcmp(grant.text, id.text, agent::layout::kStartIdLength) == 0;
}

void wait_for_grant(const Volume& volume, const StartId& id) {
  const int events = watch_folder(volume);
  // Looked at after the watch was set: a grant from before it would raise no event.
  while (!is_granted(volume, id)) {
    struct pollfd waiting = {events, POLLIN, 0};
    poll(&waiting, events < 0 ? 0 : 1, events < 0 ? kLookWithoutEventsMs : kLookWithEventsMs);
    if (events >= 0) drop_events(events);
  }
  if (events >= 0) close(events);
}

}  // namespace shardkeeper::launch
