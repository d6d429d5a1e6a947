#include "agent/io/identity_watch.h"

#include <utility>

namespace shardkeeper::agent {

IdentityWatch::IdentityWatch(Scheduler& scheduler, std::filesystem::path folder, tls::Identity current,
                             std::function<void(const tls::Identity&)> changed)
    : scheduler_(scheduler),
      folder_(std::move(folder)),
      current_(std::move(current)),
      changed_(std::move(changed)),
      timer_(scheduler_.after(kPoll, [this] { look(); })) {}

void IdentityWatch::look() {
  timer_ = scheduler_.after(kPoll, [this] { look(); });
  auto found = tls::read_identity(folder_);
  if (!found || *found == current_) return;
  current_ = *std::move(found);
  changed_(current_);
}

}  // namespace shardkeeper::agent
