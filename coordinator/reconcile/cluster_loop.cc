#include "coordinator/reconcile/cluster_loop.h"

#include "common/log/log.h"
#include "coordinator/plan/decide.h"
#include "coordinator/plan/stale_copy.h"
#include "coordinator/plan/world.h"

#include <algorithm>

namespace shardkeeper::reconcile {
namespace {

constexpr Duration kTick = std::chrono::seconds(1);
// What comes without a word from anybody has a time of its own, so this is for what was forgotten. A pass a second was a third of the processor
// time of a coordinator with a hundred calm clusters.
constexpr Duration kTickWhenCalm = std::chrono::seconds(5);

// After a pass the loop's thread is left to the agents' reports for three times as long as the pass took, so that what comes in meanwhile
// is one pass and not one each: fifty forming nodes report more often than passes could be made. A calm cluster's pass takes 0.1 ms.
constexpr int kRestFactor = 3;
constexpr Duration kRestMax = std::chrono::milliseconds(20);

// What people do not ask about: kept out of the event list, still in the debug log.
bool is_quiet(const model::Step& step) {
  return std::holds_alternative<model::AskReport>(step.action) || std::holds_alternative<model::AskView>(step.action) ||
         std::holds_alternative<model::SetPodCondition>(step.action) || std::holds_alternative<model::LabelPod>(step.action);
}

bool is_quiet(const model::Finding& finding) {
  using enum model::Reason;
  return finding.reason == kViewUnknown || finding.reason == kGateShut || finding.reason == kCreating ||
         finding.reason == kWaitingForReports;
}

std::string subject_of(const model::Step& step) {
  if (const auto* promote = std::get_if<model::Promote>(&step.action)) return model::about(promote->shard);
  if (const auto* create = std::get_if<model::CreatePod>(&step.action)) return model::about(create->request.shard);
  return model::about(*pod_of(step));
}

}  // namespace

ClusterLoop::ClusterLoop(Ports ports, model::ClusterObject cluster, FenceToken token, std::uint64_t seed, Hooks hooks)
    : ports_(ports),
      cluster_(std::move(cluster)),
      token_(token),
      hooks_(std::move(hooks)),
      started_(ports.scheduler.now()),
      agents_(ports.scheduler, ports.dialer, cluster_.name, token,
              {.changed = [this] { trigger(); },
               .counted =
                   [this] {
                     if (!is_calm()) trigger();
                   },
               .pressing = [this] { trigger_now(); },
               .higher_token_seen = [this](FenceToken seen) { hooks_.higher_token_seen(seen); }}),
      executor_(ports.platform, agents_, seed) {
  snapshot_.cluster = cluster_;
  trigger();
}

void ClusterLoop::trigger() {
  if (pass_queued_) return;
  pass_queued_ = true;
  const auto run = [this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    pass_queued_ = is_resting_ = false;
    pass();
  };
  const TimePoint now = ports_.scheduler.now();
  is_resting_ = now < rest_until_;
  if (is_resting_)
    rest_ = ports_.scheduler.after(rest_until_ - now, run);
  else
    ports_.scheduler.post(run);
}

void ClusterLoop::trigger_now() {
  rest_until_ = {};
  if (is_resting_) {
    rest_.reset();
    pass_queued_ = is_resting_ = false;
  }
  trigger();
}

// Most changes are of other clusters.
bool ClusterLoop::platform_has_news() const {
  const auto& view = ports_.platform.view();
  if (view.workers != snapshot_.workers) return true;
  auto known = snapshot_.pods.begin();
  for (const auto& pod : view.pods) {
    if (pod.cluster != cluster_.name) continue;
    if (known == snapshot_.pods.end() || known->pod != pod) return true;
    ++known;
  }
  return known != snapshot_.pods.end();
}

void ClusterLoop::platform_changed() {
  if (!platform_has_news()) return;
  plan::remember_ends(observe(), history_);
  trigger();
}

void ClusterLoop::set_cluster(model::ClusterObject cluster) {
  if (cluster == cluster_) return;
  cluster_ = std::move(cluster);
  trigger();
}

void ClusterLoop::set_token(FenceToken token) {
  token_ = token;
  agents_.set_token(token);
  trigger();
}

void ClusterLoop::set_outside_findings(std::vector<model::Finding> findings) {
  if (findings == outside_findings_) return;
  outside_findings_ = std::move(findings);
  trigger();
}

Result<bool> ClusterLoop::misses(const std::string& ip) const {
  bool is_named = false;
  for (const auto& [hash, view] : snapshot_.views)
    for (const auto& row : view->rows) {
      if (row.endpoint.ip != ip) continue;
      is_named = true;
      if (!row.is_failed && !row.is_suspected)
        return conflict(
            ip, "nodes of cluster " + cluster_.name.value + " do not miss " + row.id.short_form() + " there; try again when they do");
    }
  for (const auto& info : snapshot_.pods)
    if (info.state && info.state->last_life)
      for (const auto& replica : info.state->last_life->replication.online_replicas) is_named = is_named || replica.endpoint.ip == ip;
  return is_named;
}

void ClusterLoop::confirm_dead_at(const std::string& ip) {
  for (const auto& [hash, view] : snapshot_.views)
    for (const auto& row : view->rows)
      if (row.endpoint.ip == ip) history_.seen_dead[row.id] = "a person said that it is gone for good";
  history_.dead_at.insert(ip);
  trigger();
}

Result<void> ClusterLoop::accept_stale(const PodName& pod) {
  const plan::World world(snapshot_, history_);
  const auto member = std::ranges::find(world.members, pod, &plan::Member::name);
  const std::string where = "pod " + pod.value;
  if (member == world.members.end()) return not_found(where, "cluster " + cluster_.name.value + " has none of that name");
  if (const auto why = plan::why_not_chosen_by_hand(world, *member); !why.empty()) return refused(where, why);
  history_.stale_accepted.insert(*member->id);
  log::warn("old copy accepted by hand", {{"cluster", cluster_.name.value}, {"pod", pod.value}});
  trigger();
  return {};
}

void ClusterLoop::pass() {
  snapshot_ = observe();
  settle_at_ = in_flight_.settle(snapshot_.pods, snapshot_.now);
  snapshot_.in_flight = in_flight_.list();
  snapshot_.failures = in_flight_.failures();
  auto outcome = plan::decide(snapshot_, history_);
  decision_ = std::move(outcome.decision);
  history_ = std::move(outcome.history);
  decision_.findings.insert(decision_.findings.end(), outside_findings_.begin(), outside_findings_.end());
  report_findings();
  act();
  agents_.prune_views();
  arm_timer();
  hooks_.passed(ports_.scheduler.now() - snapshot_.now);
  const TimePoint end = ports_.scheduler.now();
  rest_until_ = end + std::min(kRestFactor * (end - snapshot_.now), kRestMax);
}

model::Snapshot ClusterLoop::observe() {
  model::Snapshot snapshot;
  snapshot.now = ports_.scheduler.now();
  snapshot.started = started_;
  snapshot.cluster = cluster_;
  snapshot.token = token_;
  const auto& view = ports_.platform.view();
  const auto is_own = [&](const model::Pod& pod) { return pod.cluster == cluster_.name; };
  std::vector<model::Pod> pods;
  pods.reserve(static_cast<std::size_t>(std::ranges::count_if(view.pods, is_own)));
  std::ranges::copy_if(view.pods, std::back_inserter(pods), is_own);
  snapshot.pods.reserve(pods.size());
  agents_.follow(pods, ports_.platform, cluster_.spec.node_timeout);
  for (auto& pod : pods) {
    model::PodInfo info;
    info.pod = std::move(pod);
    agents_.describe(info);
    info.agent_address = ports_.platform.agent_address(info.pod);
    snapshot.pods.push_back(std::move(info));
  }
  snapshot.workers = view.workers;
  snapshot.views = agents_.views();
  const auto neighbours = hooks_.neighbours();
  snapshot.primaries_elsewhere = neighbours.primaries;
  snapshot.clusters_silent = neighbours.clusters_silent;
  return snapshot;
}

void ClusterLoop::act() {
  for (const auto& step : decision_.steps) start(step);
}

void ClusterLoop::start(const model::Step& step) {
  const std::string text = to_string(step);
  if (is_quiet(step)) {
    log::debug("step", {{"cluster", cluster_.name.value}, {"step", text}});
  } else {
    log::info("step", {{"cluster", cluster_.name.value}, {"step", text}});
    ports_.events.add({ports_.scheduler.unix_ms(), cluster_.name, model::family_of(step.why) == model::Family::kUnsafe,
                       std::string(to_string(step.why)), subject_of(step), text});
  }
  in_flight_.started(step, snapshot_.now);
  executor_.start(step, cluster_, token_,
                  [this, alive = std::weak_ptr<bool>(alive_), key = key_of(step), text](const Result<void>& result) {
                    if (alive.expired()) return;
                    if (!result)
                      log::warn("step failed", {{"cluster", cluster_.name.value},
                                                {"step", text},
                                                {"kind", std::string(to_string(result.error().kind))},
                                                {"reason", to_string(result.error())}});
                    in_flight_.returned(key, result, ports_.scheduler.now());
                    trigger();
                  });
}

// A finding is an event when it first appears; while it stays it is only shown in the status.
void ClusterLoop::report_findings() {
  Since current;
  for (const auto& finding : decision_.findings) {
    const auto before = findings_since_.find({finding.reason, finding.subject});
    const bool is_new = before == findings_since_.end();
    const auto since = is_new ? ports_.scheduler.unix_ms() : before->second;
    if (!current.try_emplace({finding.reason, finding.subject}, since).second || !is_new || is_quiet(finding)) continue;
    const auto family = model::family_of(finding.reason);
    const std::string reason(to_string(finding.reason));
    log::info("hold", {{"cluster", cluster_.name.value}, {"subject", finding.subject}, {"reason", reason}, {"detail", finding.detail}});
    ports_.events.add({ports_.scheduler.unix_ms(), cluster_.name,
                       family == model::Family::kUnsafe || family == model::Family::kMisconfigured, reason, finding.subject,
                       finding.detail});
  }
  findings_since_ = std::move(current);
}

// Nothing was found that time or counters could change, is to be done or is under way.
bool ClusterLoop::is_calm() const {
  const auto waits = [](const model::Finding& finding) { return model::waits_for_people(finding.reason); };
  return std::ranges::all_of(decision_.findings, waits) && decision_.steps.empty() && snapshot_.in_flight.empty();
}

TimePoint ClusterLoop::next_look() const {
  TimePoint at = snapshot_.now + (is_calm() ? kTickWhenCalm : kTick);
  if (const auto silence = agents_.next_silence(snapshot_.now)) at = std::min(at, *silence);
  if (decision_.look_again_at) at = std::min(at, *decision_.look_again_at);
  if (settle_at_) at = std::min(at, *settle_at_);
  return at;
}

// Most often everybody has been heard when somebody could have been silent: then it waits on, without a pass.
void ClusterLoop::arm_timer() {
  const Duration delay = std::max(next_look() - ports_.scheduler.now(), Duration(std::chrono::milliseconds(1)));
  timer_ = ports_.scheduler.after(delay, [this] {
    if (next_look() > ports_.scheduler.now()) return arm_timer();
    trigger();
  });
}

}  // namespace shardkeeper::reconcile
