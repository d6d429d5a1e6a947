#include "coordinator/reconcile/in_flight.h"

#include <algorithm>

namespace shardkeeper::reconcile {
namespace {

using model::PodInfo;

// After a successful call its effect shows within one report or one look at the platform; later it did not happen.
constexpr Duration kReportWithin = std::chrono::milliseconds(200);
constexpr Duration kPlatformWithin = std::chrono::seconds(2);
// Past the deadline of every order. A link that is dialled anew, or whose pod goes, takes its calls with it, and nobody answers them.
constexpr Duration kAnswerLostAfter = std::chrono::seconds(10);
constexpr Duration kFailureForgotten = std::chrono::seconds(60);

Duration back_off(const Error& error, int count) {
  // Nothing was sent, or somebody was quicker: soon again. Refusals and unknown outcomes take longer to change.
  const bool quick = error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kConflict;
  const Duration first = quick ? std::chrono::milliseconds(50) : std::chrono::milliseconds(200);
  return std::min<Duration>(first * (1 << std::min(count - 1, 8)), std::chrono::seconds(10));
}

const PodInfo* find(const std::vector<PodInfo>& pods, const PodName& name) {
  const auto it = std::ranges::find(pods, name, [](const PodInfo& info) -> const PodName& { return info.pod.name; });
  return it == pods.end() ? nullptr : &*it;
}

bool platform_shows(const model::Step& step, const std::vector<PodInfo>& pods, TimePoint since) {
  if (const auto* create = std::get_if<model::CreatePod>(&step.action))
    return std::ranges::any_of(pods,
                               [&](const PodInfo& info) { return info.first_seen >= since && info.pod.shard() == create->request.shard; });
  if (const auto* label = std::get_if<model::LabelPod>(&step.action)) {
    const auto* info = find(pods, label->pod);
    return info == nullptr || std::ranges::all_of(label->labels, [&](const auto& entry) {
             const auto it = info->pod.labels.find(entry.first);
             return it != info->pod.labels.end() && it->second == entry.second;
           });
  }
  if (const auto* condition = std::get_if<model::SetPodCondition>(&step.action)) {
    const auto* info = find(pods, condition->pod);
    if (info == nullptr) return true;
    const auto it = info->pod.conditions.find(condition->type);
    return it != info->pod.conditions.end() && it->second == condition->holds;
  }
  const auto pod = pod_of(step);  // evict, remove
  const auto* info = pod ? find(pods, *pod) : nullptr;
  return info == nullptr || info->pod.is_deleting;
}

bool is_agent_step(const model::Step& step) {
  return std::holds_alternative<model::Order>(step.action) || std::holds_alternative<model::Promote>(step.action) ||
         std::holds_alternative<model::AskReport>(step.action) || std::holds_alternative<model::AskView>(step.action);
}

bool report_shows(const model::Step& step, const std::vector<PodInfo>& pods, TimePoint returned_at) {
  const auto* info = find(pods, *pod_of(step));
  if (info == nullptr) return true;
  if (const auto* ask = std::get_if<model::AskReport>(&step.action)) return info->state && info->state->nonce >= ask->nonce;
  return info->state_at > returned_at;
}

}  // namespace

void InFlightSteps::started(const model::Step& step, TimePoint now) { entries_[key_of(step)] = {step, now, std::nullopt}; }

void InFlightSteps::returned(const std::string& key, const Result<void>& result, TimePoint now) {
  const auto it = entries_.find(key);
  if (it == entries_.end()) return;
  if (result) {
    failures_.erase(key);
    it->second.returned_at = now;
    return;
  }
  entries_.erase(it);
  auto& failure = failures_[key];
  ++failure.count;
  failure.not_before = now + back_off(result.error(), failure.count);
  failure.error = to_string(result.error());
}

std::optional<TimePoint> InFlightSteps::settle(const std::vector<PodInfo>& pods, TimePoint now) {
  std::optional<TimePoint> next;
  std::erase_if(entries_, [&](const auto& item) {
    const Entry& entry = item.second;
    const bool by_agent = is_agent_step(entry.step);
    if (!entry.returned_at && !by_agent) return false;
    const TimePoint until =
        !entry.returned_at ? entry.since + kAnswerLostAfter : *entry.returned_at + (by_agent ? kReportWithin : kPlatformWithin);
    if (now >= until) return true;
    if (entry.returned_at &&
        (by_agent ? report_shows(entry.step, pods, *entry.returned_at) : platform_shows(entry.step, pods, entry.since)))
      return true;
    if (!next || until < *next) next = until;
    return false;
  });
  std::erase_if(failures_, [&](const auto& item) { return now > item.second.not_before + kFailureForgotten; });
  return next;
}

std::vector<model::InFlight> InFlightSteps::list() const {
  std::vector<model::InFlight> result;
  result.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) result.push_back({entry.step, entry.since});
  return result;
}

}  // namespace shardkeeper::reconcile
