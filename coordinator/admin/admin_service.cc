#include "coordinator/admin/admin_service.h"

#include "coordinator/admin/moves.h"
#include "coordinator/admin/status.h"
#include "coordinator/manifest/edit_shards.h"

#include <arpa/inet.h>
#include <algorithm>

namespace shardkeeper::coordinator {
namespace {

constexpr Duration kPushInterval = std::chrono::milliseconds(100);
constexpr std::uint32_t kEventsDefault = 100;

bool is_address(const std::string& text) {
  in6_addr unused{};
  return ::inet_pton(AF_INET, text.c_str(), &unused) == 1 || ::inet_pton(AF_INET6, text.c_str(), &unused) == 1;
}

}  // namespace

admin::v1::Status AdminService::status_of(const std::string& cluster) const {
  admin::v1::Status status;
  status.set_coordinator_version(SHARDKEEPER_VERSION);
  for (const auto& [name, loop] : ports_.clusters) {
    if (!cluster.empty() && name.value != cluster) continue;
    auto* out = status.add_clusters();
    *out = admin_service::cluster_status(loop->snapshot(), loop->decision());
    *out->mutable_migration() = admin_service::migration(loop->snapshot(), loop->history());
    const auto& findings = loop->decision().findings;  // in the order of the message's
    for (int i = 0; i < out->findings_size(); ++i) {
      const auto& finding = findings[static_cast<std::size_t>(i)];
      const auto since = loop->findings_since().find({finding.reason, finding.subject});
      if (since != loop->findings_since().end()) out->mutable_findings(i)->set_since_unix_ms(since->second);
    }
  }
  return status;
}

void AdminService::status(const std::string& cluster, Done<admin::v1::Status> done) {
  if (const auto known = cluster_of(cluster); !cluster.empty() && !known) return done(known.error());
  done(status_of(cluster));
}

Result<const reconcile::ClusterLoop*> AdminService::cluster_of(const std::string& name) const {
  const auto known = ports_.clusters.find(ClusterName(name));
  if (known == ports_.clusters.end())
    return not_found("cluster " + name, "this coordinator runs no cluster of that name; see: shardkeeper status");
  return known->second.get();
}

void AdminService::plan_scale(const admin::v1::ScaleRequest& request, Done<admin::v1::ScalePlan> done) { done(plan_of(request)); }

Result<admin::v1::ScalePlan> AdminService::plan_of(const admin::v1::ScaleRequest& request) const {
  const auto cluster = cluster_of(request.cluster());
  if (!cluster) return cluster.error();
  const int shards = request.shards() == 0 ? (*cluster)->cluster().spec.shards : request.shards();
  if (const auto checked = manifest::check_shards(shards); !checked) return checked.error();
  auto plan = admin_service::scale_plan((*cluster)->snapshot(), (*cluster)->history(), shards);
  plan.set_shards_now((*cluster)->cluster().spec.shards);
  plan.set_refusal(admin_service::refusal_of(plan));
  if (plan.shards_now() != shards) plan.set_elsewhere(ports_.by_hand.shards_are_set_by(ClusterName(request.cluster()), shards));
  return plan;
}

// What is written is read like any other edit.
void AdminService::scale(const admin::v1::ScaleRequest& request, Done<admin::v1::Scaled> done) {
  if (const auto checked = manifest::check_shards(request.shards()); !checked) return done(checked.error());
  const auto plan = plan_of(request);
  if (!plan) return done(plan.error());
  if (!plan->refusal().empty()) return done(refused("cluster " + request.cluster(), plan->refusal()));
  admin::v1::Scaled scaled;
  scaled.set_cluster(request.cluster());
  scaled.set_shards_before(plan->shards_now());
  scaled.set_shards(request.shards());
  ports_.by_hand.set_shards(ClusterName(request.cluster()), request.shards(),
                            [scaled = std::move(scaled), done = std::move(done)](const Result<std::string>& edited) mutable {
                              if (!edited) return done(edited.error());
                              scaled.set_file(*edited);
                              done(std::move(scaled));
                            });
}

void AdminService::events(const admin::v1::EventsRequest& request, Done<admin::v1::Events> done) {
  admin::v1::Events result;
  const auto limit = request.limit() == 0 ? kEventsDefault : request.limit();
  for (const auto& event : ports_.events.newest(ClusterName(request.cluster()), limit)) {
    auto* out = result.add_events();
    out->set_unix_ms(event.unix_ms);
    out->set_cluster(event.cluster.value);
    out->set_warning(event.is_warning);
    out->set_reason(event.reason);
    out->set_subject(event.subject);
    out->set_message(event.message);
    out->set_count(event.count);
  }
  done(std::move(result));
}

void AdminService::workers(Done<admin::v1::Workers> done) {
  admin::v1::Workers result;
  const auto& view = ports_.platform.view();
  for (const auto& worker : view.workers) {
    auto* out = result.add_workers();
    out->set_name(worker.name.value);
    out->set_zone(worker.zone);
    out->set_ready(worker.ready);
    out->set_schedulable(worker.schedulable);
    for (const auto& taint : worker.taints) out->add_taints(taint);
    int pods = 0;
    int primaries = 0;
    for (const auto& pod : view.pods) {
      if (pod.worker != worker.name) continue;
      ++pods;
      const auto role = pod.labels.find(model::kLabelRole);
      primaries += role != pod.labels.end() && role->second == "primary" ? 1 : 0;
    }
    out->set_pods(pods);
    out->set_primaries(primaries);
  }
  done(std::move(result));
}

void AdminService::cordon(const std::string& worker, Done<void> done) { ports_.by_hand.cordon(WorkerName(worker), std::move(done)); }
void AdminService::uncordon(const std::string& worker, Done<void> done) { ports_.by_hand.uncordon(WorkerName(worker), std::move(done)); }

void AdminService::lose(const admin::v1::LoseWorkerRequest& request, Done<void> done) {
  const WorkerLoss loss = request.mode() == admin::v1::LoseWorkerRequest::KILL   ? WorkerLoss::kKill
                          : request.mode() == admin::v1::LoseWorkerRequest::STOP ? WorkerLoss::kStop
                                                                                 : WorkerLoss::kRestore;
  ports_.by_hand.lose(WorkerName(request.worker()), loss, std::move(done));
}

void AdminService::confirm_lost(const std::string& worker, Done<void> done) {
  if (is_address(worker)) return done(confirm_dead_at(worker));
  ports_.by_hand.confirm_lost(WorkerName(worker), std::move(done));
}

void AdminService::accept_stale(const std::string& pod, Done<void> done) {
  const auto& pods = ports_.platform.view().pods;
  const auto found = std::ranges::find(pods, PodName(pod), &model::Pod::name);
  const auto loop = found == pods.end() ? ports_.clusters.end() : ports_.clusters.find(found->cluster);
  if (loop == ports_.clusters.end()) return done(not_found("pod " + pod, "there is none of that name"));
  done(loop->second->accept_stale(found->name));
}

Result<void> AdminService::confirm_dead_at(const std::string& ip) {
  for (const auto& pod : ports_.platform.view().pods)
    if (pod.ip == ip)
      return conflict(ip,
                      "is the address of pod " + pod.name.value + " on worker " + pod.worker.value + ", which exists; confirm its worker");
  std::vector<reconcile::ClusterLoop*> waiting;
  for (const auto& [name, loop] : ports_.clusters) {
    const auto misses = loop->misses(ip);
    if (!misses) return misses.error();
    if (*misses) waiting.push_back(loop.get());
  }
  if (waiting.empty()) return not_found(ip, "no cluster names a server at this address");
  for (auto* loop : waiting) loop->confirm_dead_at(ip);
  return {};
}

admin::v1::Version AdminService::version() {
  admin::v1::Version version;
  version.set_version(SHARDKEEPER_VERSION);
  version.set_platform(ports_.platform.name());
  return version;
}

void AdminService::watch_opened(std::uint64_t stream, const std::string& cluster, Push push) {
  auto status = status_of(cluster);
  watchers_[stream] = {cluster, push, status.SerializeAsString()};
  push(std::move(status));
}

void AdminService::watch_closed(std::uint64_t stream) { watchers_.erase(stream); }

void AdminService::status_changed() {
  if (watchers_.empty() || push_timer_) return;
  push_timer_ = ports_.scheduler.after(kPushInterval, [this] {
    push_timer_.reset();
    push_all();
  });
}

void AdminService::push_all() {
  for (auto& [stream, watcher] : watchers_) {
    auto status = status_of(watcher.cluster);
    auto bytes = status.SerializeAsString();
    if (bytes == watcher.last) continue;
    watcher.last = std::move(bytes);
    watcher.push(std::move(status));
  }
}

}  // namespace shardkeeper::coordinator
