// Leader election by a Kubernetes Lease, without any IO: what to ask next, and what the answers mean.
//
//                        nobody, or unchanged for its duration
//  Waiting ──read──► Waiting ──write(transitions + 1)──► Holding ──write(renewTime) every 2 s──► Holding
//     ▲  another's, changed lately │                       │  │  └─ gone (404) ─► created again, transitions + 1
//     └────────────────────────────┘                       │  └─ another's name in it, or not renewed for 10 s ─► Lost (for good)
//                                                          └─ release: write(no holder) ─► Released
//
// Every write names the resourceVersion that it builds on, so of two writers one gets a conflict and reads again. Others' clocks do
// not matter: a lease is over when *we* have seen no change in it for its duration, and ours when we have renewed nothing for the
// renew deadline, counted from before the request was sent.
#pragma once

#include "common/error/result.h"
#include "common/time/scheduler.h"
#include "common/types/epoch.h"
#include "coordinator/platform/kube/client/requests.h"
#include "coordinator/reconcile/lease.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace shardkeeper::platform::kube {

// The usual numbers. A holder stops acting 5 s before anybody may follow.
struct LeaseTimes {
  Duration lease = std::chrono::seconds(15);
  Duration renew_deadline = std::chrono::seconds(10);
  Duration retry = std::chrono::seconds(2);     // between two renewals
  Duration stand_by = std::chrono::seconds(1);  // between two looks at another's: a released one is followed within 2 s
};

class LeaseMachine {
 public:
  // `holder` differs for every process start.
  LeaseMachine(ObjectName lease, std::string holder, LeaseTimes times, TimePoint now);

  struct Read {};
  struct Write {
    boost::json::object lease;
    bool is_new = false;  // create; otherwise replace
  };
  struct Rest {
    TimePoint until;
  };
  using Action = std::variant<Read, Write, Rest>;

  // What to do now. A Read or Write must be answered by one of the three below before the next is asked for.
  // `unix_ms` only fills in the times that people read.
  Action next(TimePoint now, std::int64_t unix_ms);
  void has_read(TimePoint now, std::optional<boost::json::object> lease);  // none: there is no such object
  void has_written(TimePoint now, boost::json::object lease);              // as it is now
  void has_failed(TimePoint now, const Error& error);
  // Time has passed: a lease that was not renewed is lost. Also part of next().
  void look_at_clock(TimePoint now);

  // ERRORS kConflict: not held; kInvalid: the count cannot go so high.
  Result<void> raise_above(FenceToken seen);
  void release();

  enum class Standing { kWaiting, kHolding, kLost, kReleased };
  Standing standing() const { return standing_; }
  FenceToken token() const { return token_; }  // while held
  const Error& lost_because() const { return lost_because_; }
  const std::optional<Error>& trouble() const { return trouble_; }  // of the newest exchange
  std::optional<reconcile::LeaseHolder> other_holder() const;       // while another holds it
  TimePoint held_until() const { return renewed_at_ + times_.renew_deadline; }

 private:
  struct Record {
    std::string holder;
    std::string renewed;  // only ever compared
    std::uint64_t transitions = 0;
    Duration duration{0};

    bool operator==(const Record&) const = default;
  };
  Record read_record(const boost::json::object& lease) const;
  void remember(TimePoint now, boost::json::object lease);
  bool is_free(TimePoint now) const;
  Action next_when_waiting(TimePoint now, std::int64_t unix_ms);
  Action next_when_holding(TimePoint now, std::int64_t unix_ms);
  Write write(TimePoint now, std::int64_t unix_ms);
  void lose(std::string why);

  const ObjectName name_;
  const std::string holder_;
  const LeaseTimes times_;

  Standing standing_ = Standing::kWaiting;
  FenceToken token_;
  std::uint64_t highest_seen_ = 0;  // count in any version of the object
  Error lost_because_;
  std::optional<Error> trouble_;

  boost::json::object object_;    // as last seen
  std::optional<Record> record_;  // what it says; none: absent
  bool is_current_ = false;       // object_ or its absence can be built upon
  bool is_writing_ = false;       // a Write was handed out and not answered
  TimePoint changed_at_;          // when record_ was first seen like this
  TimePoint asked_at_;
  TimePoint renewed_at_;
  TimePoint next_at_;
  std::uint64_t raise_above_ = 0;
  bool is_releasing_ = false;
  int conflicts_ = 0;  // in a row
};

// "2026-11-25T22:01:32.000000Z"
std::string to_micro_time(std::int64_t unix_ms);

}  // namespace shardkeeper::platform::kube
