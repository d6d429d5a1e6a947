#include "coordinator/platform/kube/client/lease_machine.h"

#include "coordinator/platform/kube/client/fields.h"
#include "coordinator/platform/kube/client/object_cache.h"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <limits>
#include <utility>

namespace shardkeeper::platform::kube {
namespace {

constexpr std::uint64_t kTransitionsMax = std::numeric_limits<std::int32_t>::max();  // the field's type
constexpr Duration kSoon = std::chrono::milliseconds(500);
// A record that says more must not lock everybody out.
constexpr std::int64_t kForeignSecondsMax = 120;

std::int64_t whole_seconds(Duration duration) { return std::chrono::duration_cast<std::chrono::seconds>(duration).count(); }

}  // namespace

std::string to_micro_time(std::int64_t unix_ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(unix_ms)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03d000Z", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text.data();
}

LeaseMachine::LeaseMachine(ObjectName lease, std::string holder, LeaseTimes times, TimePoint now)
    : name_(std::move(lease)), holder_(std::move(holder)), times_(times), changed_at_(now), renewed_at_(now), next_at_(now) {}

LeaseMachine::Record LeaseMachine::read_record(const boost::json::object& lease) const {
  const auto seconds = number_at(lease, {"spec", "leaseDurationSeconds"}).value_or(0);
  const auto transitions = number_at(lease, {"spec", "leaseTransitions"}).value_or(0);
  return {.holder = text_at(lease, {"spec", "holderIdentity"}),
          .renewed = text_at(lease, {"spec", "renewTime"}),
          .transitions = static_cast<std::uint64_t>(std::max<std::int64_t>(transitions, 0)),
          .duration = seconds >= 1 && seconds <= kForeignSecondsMax ? Duration(std::chrono::seconds(seconds)) : times_.lease};
}

void LeaseMachine::remember(TimePoint now, boost::json::object lease) {
  auto record = read_record(lease);
  if (record != record_) changed_at_ = now;
  highest_seen_ = std::max(highest_seen_, record.transitions);
  record_ = std::move(record);
  object_ = std::move(lease);
  is_current_ = true;
}

void LeaseMachine::has_read(TimePoint now, std::optional<boost::json::object> lease) {
  trouble_.reset();
  if (lease) {
    remember(now, std::move(*lease));
    if (standing_ == Standing::kHolding && record_->holder != holder_)
      lose(record_->holder.empty() ? "somebody took our name out of the lease" : record_->holder + " holds the lease now");
    return;
  }
  record_.reset();
  object_.clear();
  is_current_ = true;
}

void LeaseMachine::has_written(TimePoint now, boost::json::object lease) {
  trouble_.reset();
  conflicts_ = 0;
  is_writing_ = false;
  remember(now, std::move(lease));
  // A renewal that was under way when we were told to release is no release yet.
  if (is_releasing_ && record_->holder.empty()) {
    standing_ = Standing::kReleased;
    return;
  }
  if (record_->holder != holder_) return lose("the server kept another holder than us in what we wrote");
  standing_ = Standing::kHolding;
  token_ = FenceToken{record_->transitions};
  renewed_at_ = asked_at_;
  next_at_ = now + times_.retry;
}

void LeaseMachine::has_failed(TimePoint now, const Error& error) {
  is_current_ = false;
  is_writing_ = false;
  if (is_releasing_ && standing_ == Standing::kWaiting) {
    standing_ = Standing::kReleased;
    return;
  }
  const bool is_news = error.kind == ErrorKind::kConflict || error.kind == ErrorKind::kNotFound;
  // A conflict says that somebody wrote: it is no trouble, and what was written is worth a look at once, though not in a loop.
  if (is_news) {
    next_at_ = ++conflicts_ <= 2 ? now : now + kSoon;
    return;
  }
  trouble_ = error;
  next_at_ = now + (standing_ == Standing::kHolding ? kSoon : times_.retry);
}

void LeaseMachine::look_at_clock(TimePoint now) {
  if (standing_ == Standing::kHolding && now >= held_until())
    lose("it was not renewed for " + std::to_string(whole_seconds(times_.renew_deadline)) + " s" +
         (trouble_ ? ": " + to_string(*trouble_) : ""));
}

void LeaseMachine::lose(std::string why) {
  standing_ = Standing::kLost;
  lost_because_ = conflict("lease " + to_string(name_), std::move(why));
}

Result<void> LeaseMachine::raise_above(FenceToken seen) {
  if (standing_ != Standing::kHolding) return conflict("lease " + to_string(name_), "it is not held by this process");
  if (seen.value >= kTransitionsMax)
    return invalid("lease " + to_string(name_), "the count cannot be raised above " + std::to_string(seen.value));
  raise_above_ = std::max(raise_above_, seen.value);
  return {};
}

void LeaseMachine::release() {
  is_releasing_ = true;
  // A write under way may make us its holder: then there is something to give back.
  if (standing_ == Standing::kWaiting && !is_writing_) standing_ = Standing::kReleased;
}

std::optional<reconcile::LeaseHolder> LeaseMachine::other_holder() const {
  if (standing_ != Standing::kWaiting || !record_ || record_->holder.empty() || record_->holder == holder_) return std::nullopt;
  return reconcile::LeaseHolder{.name = record_->holder, .pid = 0, .transitions = record_->transitions};
}

// Our own name in it, while we wait: a write of ours arrived whose answer did not.
bool LeaseMachine::is_free(TimePoint now) const {
  return !record_ || record_->holder.empty() || record_->holder == holder_ || now >= changed_at_ + record_->duration;
}

LeaseMachine::Action LeaseMachine::next(TimePoint now, std::int64_t unix_ms) {
  look_at_clock(now);
  switch (standing_) {
    case Standing::kWaiting: return next_when_waiting(now, unix_ms);
    case Standing::kHolding: return next_when_holding(now, unix_ms);
    case Standing::kLost:
    case Standing::kReleased: break;
  }
  return Rest{now + std::chrono::hours(1)};
}

LeaseMachine::Action LeaseMachine::next_when_waiting(TimePoint now, std::int64_t unix_ms) {
  if (!is_current_) {
    if (now < next_at_) return Rest{next_at_};
    asked_at_ = now;
    return Read{};
  }
  if (is_free(now)) return write(now, unix_ms);
  // Another's. Looked at again before it is taken, so what was read now is not built upon later.
  is_current_ = false;
  next_at_ = std::min(now + times_.stand_by, changed_at_ + record_->duration);
  return Rest{next_at_};
}

LeaseMachine::Action LeaseMachine::next_when_holding(TimePoint now, std::int64_t unix_ms) {
  const bool must_raise = raise_above_ >= token_.value && raise_above_ > 0;
  // After a failure the pause counts, whatever is wanted.
  const bool is_due = now >= next_at_ || (is_current_ && (must_raise || is_releasing_));
  if (!is_due) return Rest{std::min(next_at_, held_until())};
  if (is_current_) return write(now, unix_ms);
  asked_at_ = now;
  return Read{};
}

LeaseMachine::Write LeaseMachine::write(TimePoint now, std::int64_t unix_ms) {
  asked_at_ = now;
  // Until the answer comes, nobody knows what the object is like.
  is_current_ = false;
  is_writing_ = true;
  Write write{.lease = object_, .is_new = !record_};
  if (write.is_new) write.lease["metadata"] = boost::json::object{{"name", name_.name}, {"namespace", name_.space}};
  const auto* old = find_object(write.lease, {"spec"});
  boost::json::object spec = old == nullptr ? boost::json::object() : *old;
  const auto time = to_micro_time(unix_ms);
  const bool is_taken_anew = standing_ == Standing::kWaiting || write.is_new;
  // The count never repeats, as far as we know: not for a deleted object that is made again, nor for our own name in it.
  std::uint64_t transitions = std::max(token_.value, highest_seen_) + (is_taken_anew ? 1 : 0);
  if (standing_ == Standing::kHolding && raise_above_ >= transitions) transitions = raise_above_ + 1;
  if (is_taken_anew) spec["acquireTime"] = time;
  spec["renewTime"] = time;
  spec["leaseDurationSeconds"] = whole_seconds(times_.lease);
  spec["leaseTransitions"] = std::min(transitions, kTransitionsMax);
  if (is_releasing_)
    spec.erase("holderIdentity");
  else
    spec["holderIdentity"] = holder_;
  write.lease["spec"] = std::move(spec);
  return write;
}

}  // namespace shardkeeper::platform::kube
