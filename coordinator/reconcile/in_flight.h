// Steps that were started and whose effect is not observed yet, and those that failed lately.
#pragma once

#include "common/error/result.h"
#include "coordinator/model/snapshot.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::reconcile {

// THREAD the loop's thread.
class InFlightSteps {
 public:
  void started(const model::Step& step, TimePoint now);
  // The call behind it returned. A failure ends it with back-off; a success leaves it until its effect shows.
  void returned(const std::string& key, const Result<void>& result, TimePoint now);

  // Ends those whose effect shows in what is known now, or whose effect should have shown by now; also orders whose answer is lost, which
  // the planner then gives again.
  // RETURNS when to look again for the latter.
  std::optional<TimePoint> settle(const std::vector<model::PodInfo>& pods, TimePoint now);

  std::vector<model::InFlight> list() const;
  const std::map<std::string, model::Failure>& failures() const { return failures_; }

 private:
  struct Entry {
    model::Step step;
    TimePoint since;
    std::optional<TimePoint> returned_at;
  };

  std::map<std::string, Entry> entries_;
  std::map<std::string, model::Failure> failures_;
};

}  // namespace shardkeeper::reconcile
