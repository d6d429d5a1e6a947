#include "coordinator/reconcile/file_lease.h"

#include <utility>

namespace shardkeeper::reconcile {

FileLease::FileLease(Scheduler& scheduler, std::filesystem::path file, std::string holder)
    : scheduler_(scheduler), file_(std::move(file), std::move(holder)) {}

void FileLease::start(Callbacks callbacks) {
  callbacks_ = std::move(callbacks);
  LeaseWait::Callbacks waiting{.waiting =
                                   [this](const LeaseHolder& holder) {
                                     // Here and below a copy: the callback may destroy this object.
                                     if (const auto tell = callbacks_.waiting) tell(holder);
                                   },
                               .acquired = [this](FenceToken token) { has_acquired(token); },
                               .failed =
                                   [this](const Error& error) {
                                     if (const auto tell = callbacks_.failed) tell(error);
                                   }};
  wait_ = std::make_unique<LeaseWait>(scheduler_, file_, std::move(waiting));
}

void FileLease::has_acquired(FenceToken token) {
  look_timer_ = scheduler_.after(kCheckInterval, [this] { look(); });
  if (const auto acquired = callbacks_.acquired) acquired(token);
}

void FileLease::look() {
  const auto held = file_.check();
  if (held) {
    look_timer_ = scheduler_.after(kCheckInterval, [this] { look(); });
    return;
  }
  look_timer_.reset();
  if (const auto lost = std::exchange(callbacks_, {}).lost) lost(held.error());
}

void FileLease::raise_above(FenceToken seen, std::function<void(Result<FenceToken>)> done) {
  auto raised = file_.raise_above(seen);
  scheduler_.post([alive = std::weak_ptr<bool>(alive_), told = callbacks_.raised, done = std::move(done), raised = std::move(raised)] {
    if (alive.expired()) return;
    if (raised && told) told(*raised);
    if (!alive.expired()) done(raised);
  });
}

void FileLease::release(std::function<void()> done) {
  wait_.reset();
  look_timer_.reset();
  callbacks_ = {};
  file_.release();
  scheduler_.post(std::move(done));
}

}  // namespace shardkeeper::reconcile
