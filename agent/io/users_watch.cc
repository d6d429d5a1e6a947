#include "agent/io/users_watch.h"

#include "agent/io/volume_files.h"

#include <utility>

namespace shardkeeper::agent {

UsersWatch::UsersWatch(Scheduler& scheduler, std::filesystem::path file, std::function<void(const Result<std::string>&)> changed)
    : scheduler_(scheduler), file_(std::move(file)), changed_(std::move(changed)) {
  look();
}

void UsersWatch::look() {
  timer_ = scheduler_.after(kPoll, [this] { look(); });
  const auto text = read_small_file(file_, kBytesMax);
  const std::string now = text ? *text : to_string(text.error());
  if (now == seen_) return;
  seen_ = now;
  changed_(text);
}

}  // namespace shardkeeper::agent
