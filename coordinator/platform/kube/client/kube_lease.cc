#include "coordinator/platform/kube/client/kube_lease.h"

#include <boost/json.hpp>

#include <utility>
#include <vector>

namespace shardkeeper::platform::kube {
namespace {

// Two tries fit into the renew deadline.
constexpr std::chrono::seconds kCallTimeout{4};
constexpr std::chrono::seconds kReleaseWithin{3};

}  // namespace

class KubeLease::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(Api& api, Scheduler& scheduler, ObjectName lease, std::string holder, LeaseTimes times)
      : api_(api), scheduler_(scheduler), name_(lease), machine_(std::move(lease), std::move(holder), times, scheduler.now()) {}

  void start(Callbacks callbacks) {
    callbacks_ = std::move(callbacks);
    step_soon();
  }

  void raise_above(FenceToken seen, std::function<void(Result<FenceToken>)> done) {
    if (const auto wanted = machine_.raise_above(seen); !wanted) {
      scheduler_.post([done = std::move(done), error = wanted.error()] { done(error); });
      return;
    }
    raises_.push_back({seen, std::move(done)});
    step_soon();
  }

  Result<void> check() const {
    const auto where = "lease " + to_string(name_);
    if (machine_.standing() == LeaseMachine::Standing::kLost) return machine_.lost_because();
    if (machine_.standing() != LeaseMachine::Standing::kHolding) return conflict(where, "it is not held by this process");
    // Also when this process stood still meanwhile and its timers are late.
    if (scheduler_.now() >= machine_.held_until()) return conflict(where, "it was not renewed in time");
    return {};
  }

  void release(std::function<void()> done) {
    released_ = std::move(done);
    callbacks_ = {};
    machine_.release();
    release_timer_ = scheduler_.after(kReleaseWithin, [weak = weak_from_this()] { with(weak, [](Impl& self) { self.has_released(); }); });
    step_soon();
  }

  void stop() {
    is_stopped_ = true;
    timer_.reset();
    deadline_timer_.reset();
    release_timer_.reset();
  }

 private:
  struct Raise {
    FenceToken seen;
    std::function<void(Result<FenceToken>)> done;
  };

  template <typename Work>
  static void with(const std::weak_ptr<Impl>& weak, Work work) {
    if (const auto self = weak.lock(); self && !self->is_stopped_) work(*self);
  }

  void step_soon() {
    scheduler_.post([weak = weak_from_this()] { with(weak, [](Impl& self) { self.step(); }); });
  }

  // Tells what is new, then does what is due.
  void step() {
    machine_.look_at_clock(scheduler_.now());
    tell();
    if (is_stopped_ || is_asking_) return;
    const auto action = machine_.next(scheduler_.now(), scheduler_.unix_ms());
    if (const auto* rest = std::get_if<LeaseMachine::Rest>(&action)) {
      timer_ = scheduler_.after(std::max(rest->until - scheduler_.now(), Duration{0}),
                                [weak = weak_from_this()] { with(weak, [](Impl& self) { self.step(); }); });
      // next() looks at the clock too, and at what it only now knows (another's lease).
      return tell();
    }
    ask(action);
    if (machine_.standing() == LeaseMachine::Standing::kHolding)
      deadline_timer_ = scheduler_.after(std::max(machine_.held_until() - scheduler_.now(), Duration{0}),
                                         [weak = weak_from_this()] { with(weak, [](Impl& self) { self.step(); }); });
  }

  void ask(const LeaseMachine::Action& action) {
    is_asking_ = true;
    timer_.reset();
    Request request = get_request(resources::kLeases, name_);
    const auto* write = std::get_if<LeaseMachine::Write>(&action);
    if (write != nullptr)
      request = write->is_new ? create_request(resources::kLeases, name_.space, write->lease)
                              : replace_request(resources::kLeases, name_, write->lease);
    request.is_urgent = true;
    request.timeout = kCallTimeout;
    api_.call(std::move(request), [weak = weak_from_this(), is_write = write != nullptr](Result<boost::json::value> reply) {
      with(weak, [&](Impl& self) { self.has_answer(is_write, std::move(reply)); });
    });
  }

  void has_answer(bool is_write, Result<boost::json::value> reply) {
    is_asking_ = false;
    deadline_timer_.reset();
    const auto now = scheduler_.now();
    // A holder whose time ran out while it asked stays lost, whatever the answer is.
    machine_.look_at_clock(now);
    if (machine_.standing() != LeaseMachine::Standing::kLost) feed(now, is_write, std::move(reply));
    step();
  }

  void feed(TimePoint now, bool is_write, Result<boost::json::value> reply) {
    if (reply && !reply->is_object()) reply = invalid("lease " + to_string(name_), "the reply is no object");
    // The same trouble after a success is news again.
    if (reply && is_write) told_trouble_.reset();
    if (reply && is_write) return machine_.has_written(now, std::move(reply->as_object()));
    if (reply) return machine_.has_read(now, std::move(reply->as_object()));
    if (!is_write && reply.error().kind == ErrorKind::kNotFound) return machine_.has_read(now, std::nullopt);
    machine_.has_failed(now, reply.error());
  }

  // Each callback may end this object, so each is a copy and is followed by a look.
  void tell() {
    const auto alive = shared_from_this();
    switch (machine_.standing()) {
      case LeaseMachine::Standing::kWaiting: tell_waiting(); break;
      case LeaseMachine::Standing::kHolding: tell_holding(); break;
      case LeaseMachine::Standing::kLost: tell_lost(); break;
      case LeaseMachine::Standing::kReleased: has_released(); break;
    }
  }

  void tell_waiting() {
    if (const auto holder = machine_.other_holder(); holder && holder != told_holder_) {
      told_holder_ = holder;
      if (const auto waiting = callbacks_.waiting) waiting(*holder);
    }
    tell_trouble();
  }

  void tell_trouble() {
    if (is_stopped_ || !machine_.trouble() || machine_.trouble() == told_trouble_) return;
    told_trouble_ = machine_.trouble();
    if (const auto failed = callbacks_.failed) failed(*told_trouble_);
  }

  void tell_holding() {
    const auto token = machine_.token();
    if (told_token_ != token) {
      const auto tell_it = told_token_ ? callbacks_.raised : callbacks_.acquired;
      told_token_ = token;
      if (tell_it) tell_it(token);
    }
    for (auto raise = raises_.begin(); !is_stopped_ && raise != raises_.end();) {
      if (raise->seen >= token) {
        ++raise;
        continue;
      }
      const auto done = std::move(raise->done);
      raise = raises_.erase(raise);
      done(token);
    }
    if (!is_stopped_) tell_trouble();
  }

  void tell_lost() {
    for (auto& raise : std::exchange(raises_, {})) raise.done(machine_.lost_because());
    const auto lost = std::exchange(callbacks_, {}).lost;
    if (lost && !is_stopped_) lost(machine_.lost_because());
    if (!is_stopped_) has_released();
  }

  void has_released() {
    release_timer_.reset();
    if (const auto released = std::exchange(released_, nullptr)) released();
  }

  Api& api_;
  Scheduler& scheduler_;
  const ObjectName name_;
  LeaseMachine machine_;
  Callbacks callbacks_;
  std::function<void()> released_;
  std::vector<Raise> raises_;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Timer> deadline_timer_;  // while a holder waits for an answer
  std::unique_ptr<Timer> release_timer_;
  std::optional<reconcile::LeaseHolder> told_holder_;
  std::optional<Error> told_trouble_;
  std::optional<FenceToken> told_token_;
  bool is_asking_ = false;
  bool is_stopped_ = false;
};

KubeLease::KubeLease(Api& api, Scheduler& scheduler, ObjectName lease, std::string holder, LeaseTimes times)
    : impl_(std::make_shared<Impl>(api, scheduler, std::move(lease), std::move(holder), times)) {}
KubeLease::~KubeLease() { impl_->stop(); }
void KubeLease::start(Callbacks callbacks) { impl_->start(std::move(callbacks)); }
void KubeLease::raise_above(FenceToken seen, std::function<void(Result<FenceToken>)> done) { impl_->raise_above(seen, std::move(done)); }
Result<void> KubeLease::check() const { return impl_->check(); }
void KubeLease::release(std::function<void()> done) { impl_->release(std::move(done)); }

}  // namespace shardkeeper::platform::kube
