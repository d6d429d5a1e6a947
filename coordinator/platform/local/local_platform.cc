#include "coordinator/platform/local/local_platform.h"

#include "common/log/log.h"
#include "common/time/wall_clock.h"
#include "coordinator/platform/local/budget.h"
#include "coordinator/platform/local/choose_worker.h"
#include "coordinator/platform/local/pod_processes.h"
#include "coordinator/platform/local/ports.h"
#include "coordinator/platform/random_text.h"

#include <algorithm>
#include <set>
#include <utility>

namespace shardkeeper::platform::local {
namespace {

namespace fs = std::filesystem;

constexpr int kPodUidBytes = 8;
// From a process's birth to its program it takes a millisecond, on a machine that is busy beyond measure a second.
constexpr std::chrono::milliseconds kHalfStartedFor{5000};

// Without resolving links. What is no path stays as it is: whoever uses it says so.
fs::path without_dots(const fs::path& path) {
  std::error_code failed;
  const auto result = fs::absolute(path, failed);
  return failed ? path : result;
}

struct PodsOnDisk {
  std::vector<PodRecord> sound;
  std::map<PodName, BrokenPod> broken;
};

PodsOnDisk read_pods(const StateFolder& state) {
  PodsOnDisk pods;
  for (const auto& name : state.pod_names()) {
    const auto file = state.pod(name) / "pod.json";
    const auto text = read_file(file);
    auto record = text ? parse_pod_record(file.string(), *text) : Result<PodRecord>(text.error());
    if (record && record->name != name) record = invalid(file.string(), "name: '" + record->name.value + "' is not the folder's");
    if (record)
      pods.sound.push_back(std::move(*record));
    else
      pods.broken[name] = {name, state.pod(name), to_string(record.error())};
  }
  return pods;
}

PodRecord record_of(const model::ClusterObject& cluster, const model::PodRequest& request) {
  PodRecord record;
  record.name = request.name;
  record.uid = PodUid(random_hex(kPodUidBytes));
  record.cluster = cluster.name;
  record.image = cluster.spec.image;
  record.labels = {{model::kLabelCluster, cluster.name.value}, {model::kLabelShard, to_string(request.shard)}};
  record.server = server_record_of(cluster.spec);
  return record;
}

// The whole folder or none of it, wherever this process is killed.
Result<void> make_pod_folder(const StateFolder& state, const PodRecord& record, const tls::Identity& identity) {
  const auto making = state.in_making(record.name);
  const auto folder = state.pod(record.name);
  std::error_code failed;
  fs::remove_all(making, failed);
  auto made = make_folder(volume_of(making));
  if (made) made = tls::write_identity(volume_of(making) / "tls", identity);
  if (made) made = write_file(making / "pod.json", to_json(record));
  if (made) {
    fs::rename(making, folder, failed);
    if (failed) made = unavailable(folder.string(), "cannot be made: " + failed.message());
  }
  if (!made) fs::remove_all(making, failed);
  return made;
}

}  // namespace

LocalPlatform::LocalPlatform(boost::asio::io_context& loop, Scheduler& scheduler, LocalOptions options, StateFolder state, SpawnGuard guard,
                             WorkerSet workers)
    : options_(std::move(options)),
      state_(std::move(state)),
      guard_(std::move(guard)),
      scheduler_(scheduler),
      workers_(std::move(workers)),
      surroundings_{loop,
                    scheduler,
                    options_,
                    state_,
                    guard_,
                    [this](const ClusterName& cluster) -> Result<ClusterSecrets> {
                      const auto home = home_of(cluster);
                      if (!home) return home.error();
                      return ClusterSecrets{(*home)->record().uid, (*home)->record().replication_password};
                    },
                    [this] { mark_changed(); },
                    [this](const PodName& pod) { pod_gone(pod); }} {}

LocalPlatform::~LocalPlatform() { *alive_ = false; }

Result<std::unique_ptr<LocalPlatform>> LocalPlatform::open(boost::asio::io_context& loop, Scheduler& scheduler, LocalOptions options) {
  // Relative paths would mean something else in a pod's folder. A server's link is kept: some choose their mode by the name they are called.
  for (auto* program : {&options.agent_binary, &options.launch_binary}) *program = without_dots(*program);
  for (auto& [tag, server] : options.servers) server = without_dots(server);
  if (const auto usable = check_program(options.agent_binary, "agent"); !usable) return usable.error();
  if (const auto usable = check_program(options.launch_binary, "launch"); !usable) return usable.error();
  auto state = StateFolder::open(options.state_folder);
  if (!state) return state.error();
  auto guard = SpawnGuard::take(state->spawning(), kHalfStartedFor);
  if (!guard) return guard.error();
  auto pods = read_pods(*state);
  std::set<WorkerName> with_pods;
  for (const auto& record : pods.sound) with_pods.insert(record.worker);
  auto workers = WorkerSet::open(state->workers_file(), options.workers, with_pods);
  if (!workers) return workers.error();

  std::unique_ptr<LocalPlatform> platform(
      new LocalPlatform(loop, scheduler, std::move(options), std::move(*state), std::move(*guard), std::move(*workers)));
  platform->broken_ = std::move(pods.broken);
  const auto running = working_processes();
  for (auto& record : pods.sound) {
    auto& pod = platform->add(std::move(record));
    pod.carry_on(platform->workers_.health(pod.record().worker), running);
  }
  platform->rebuild_view();
  return platform;
}

LocalPod& LocalPlatform::add(PodRecord record) {
  const auto name = record.name;
  return *(pods_[name] = std::make_unique<LocalPod>(surroundings_, std::move(record)));
}

Result<ClusterHome*> LocalPlatform::home_of(const ClusterName& cluster) {
  const auto known = clusters_.find(cluster);
  if (known != clusters_.end()) return &known->second;
  std::set<Network> taken;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(state_.clusters(), failed)) {
    const auto text = read_file(entry.path() / "cluster.json");
    const auto record = text ? parse_cluster_record("", *text) : Result<ClusterRecord>(text.error());
    if (record) taken.insert(record->network);
  }
  auto home = ClusterHome::open(state_, cluster, taken, wall_clock(scheduler_));
  if (!home) return home.error();
  return &clusters_.emplace(cluster, std::move(*home)).first->second;
}

Result<ClusterAccess> LocalPlatform::open_cluster(const model::ClusterObject& cluster) {
  const auto home = home_of(cluster.name);
  if (!home) return home.error();
  if (const auto kept = (*home)->set_replicas_per_shard(cluster.spec.replicas_per_shard); !kept) return kept.error();
  auto identity = (*home)->authority().issue_coordinator(wall_clock(scheduler_));
  if (!identity) return identity.error();
  today_.insert_or_assign(cluster.name, MadeFrom{cluster.spec.image, server_record_of(cluster.spec)});
  mark_changed();
  return ClusterAccess{(*home)->record().uid, std::move(*identity)};
}

const PlatformView& LocalPlatform::view() const { return view_; }

void LocalPlatform::on_change(std::function<void()> changed) { changed_ = std::move(changed); }

std::string LocalPlatform::agent_address(const model::Pod& pod) const {
  return pod.ip.empty() ? "" : pod.ip + ":" + std::to_string(kAgentPort);
}

void LocalPlatform::create(const model::ClusterObject& cluster, const model::PodRequest& request, Done done) {
  const auto placed = place(cluster, request);
  if (placed) log::info("pod created", {{"pod", request.name.value}, {"worker", pods_.at(request.name)->record().worker.value}});
  answer(std::move(done), placed ? Result<void>() : placed.error());
}

Result<PodName> LocalPlatform::place(const model::ClusterObject& cluster, const model::PodRequest& request) {
  const std::string where = "pod " + request.name.value;
  if (stopped_) return unavailable(where, "the platform is being stopped");
  if (const auto sound = state_.check_pod_name(request.name); !sound) return sound.error();
  if (pods_.contains(request.name) || broken_.contains(request.name)) return conflict(where, "there is one of that name");
  const auto home = home_of(cluster.name);
  if (!home) return home.error();
  const auto worker = choose_worker(workers_.view(), pods_now(), request);
  if (!worker) return worker.error();

  auto record = record_of(cluster, request);
  record.worker = *worker;
  record.zone = workers_.all().at(*worker).zone;
  std::set<std::string> taken;
  for (const auto& [name, pod] : pods_) taken.insert(pod->record().ip);
  const auto ip = (*home)->take_address(taken);
  if (!ip) return ip.error();
  record.ip = *ip;
  const auto identity = (*home)->authority().issue_agent(request.name, wall_clock(scheduler_));
  if (!identity) return identity.error();

  if (const auto made = make_pod_folder(state_, record, *identity); !made) return made.error();
  add(std::move(record)).carry_on(WorkerHealth::kUp, {});
  mark_changed();
  return request.name;
}

void LocalPlatform::evict(const PodName& pod, const PodUid& uid, std::chrono::seconds grace, Done done) {
  const auto found = find(pod, uid);
  if (!found) return answer(std::move(done), found.error());
  const auto home = home_of((*found)->record().cluster);
  if (!home) return answer(std::move(done), home.error());
  const auto allowed = may_evict((*found)->view(), pods_now(), workers_.view(), (*home)->record().replicas_per_shard);
  answer(std::move(done), allowed ? remove_now(pod, uid, grace) : allowed);
}

void LocalPlatform::remove(const PodName& pod, const PodUid& uid, std::chrono::seconds grace, Done done) {
  answer(std::move(done), remove_now(pod, uid, grace));
}

Result<void> LocalPlatform::remove_now(const PodName& pod, const PodUid& uid, std::chrono::seconds grace) {
  if (broken_.contains(pod) && uid.empty()) {
    remove_broken(pod);
    return {};
  }
  const auto found = find(pod, uid);
  if (!found) return found.error();
  log::info("pod deleted", {{"pod", pod.value}, {"grace_seconds", std::to_string(grace.count())}});
  (*found)->remove(std::max(grace, std::chrono::seconds(0)));
  mark_changed();
  return {};
}

void LocalPlatform::remove_broken(const PodName& pod) {
  broken_.at(pod).remove(options_);
  broken_.erase(pod);
  mark_changed();
}

Result<LocalPod*> LocalPlatform::find(const PodName& pod, const PodUid& uid) {
  const auto found = pods_.find(pod);
  if (found == pods_.end() || found->second->record().uid != uid || found->second->record().is_forgotten)
    return not_found("pod " + pod.value, "there is none of that name and uid");
  return found->second.get();
}

void LocalPlatform::set_labels(const PodName& pod, const std::map<std::string, std::string>& labels, Done done) {
  const auto found = pods_.find(pod);
  if (found == pods_.end()) return answer(std::move(done), not_found("pod " + pod.value, "there is none of that name"));
  answer(std::move(done), found->second->set_labels(labels));
}

void LocalPlatform::set_condition(const PodName& pod, const std::string& type, bool holds, const std::string&, Done done) {
  const auto found = pods_.find(pod);
  if (found == pods_.end()) return answer(std::move(done), not_found("pod " + pod.value, "there is none of that name"));
  answer(std::move(done), found->second->set_condition(type, holds));
}

Result<void> LocalPlatform::change_worker(const WorkerName& worker, const std::function<Result<void>(WorkerRecord&)>& change) {
  auto record = workers_.find(worker);
  if (!record) return record.error();
  if (const auto allowed = change(*record); !allowed) return allowed.error();
  const auto kept = workers_.put(worker, *record);
  mark_changed();
  return kept;
}

void LocalPlatform::cordon(const WorkerName& worker, Done done) {
  answer(std::move(done), change_worker(worker, [](WorkerRecord& record) -> Result<void> {
           record.is_cordoned = true;
           return {};
         }));
}

void LocalPlatform::uncordon(const WorkerName& worker, Done done) {
  answer(std::move(done), change_worker(worker, [](WorkerRecord& record) -> Result<void> {
           record.is_cordoned = false;
           return {};
         }));
}

void LocalPlatform::lose(const WorkerName& worker, Loss loss, Done done) {
  const auto health = loss == Loss::kKill ? WorkerHealth::kKilled : loss == Loss::kStop ? WorkerHealth::kStopped : WorkerHealth::kUp;
  const auto changed = change_worker(worker, [&](WorkerRecord& record) -> Result<void> {
    record.health = health;
    if (health == WorkerHealth::kUp) record.is_confirmed_lost = false;
    return {};
  });
  if (changed) {
    log::warn("worker's health changed by hand", {{"worker", worker.value},
                                                  {"now", loss == Loss::kKill   ? "killed"
                                                          : loss == Loss::kStop ? "stopped"
                                                                                : "up"}});
    for (const auto& [name, pod] : pods_)
      if (pod->record().worker == worker) pod->set_worker_health(health);
  }
  answer(std::move(done), changed);
}

void LocalPlatform::confirm_lost(const WorkerName& worker, Done done) {
  const auto changed = change_worker(worker, [&](WorkerRecord& record) -> Result<void> {
    if (record.health == WorkerHealth::kUp) return refused("worker '" + worker.value + "'", "it is not lost; what runs on it is not gone");
    record.is_confirmed_lost = true;
    record.health = WorkerHealth::kKilled;
    return {};
  });
  if (changed) {
    log::warn("worker confirmed lost by hand", {{"worker", worker.value}});
    for (const auto& [name, pod] : pods_)
      if (pod->record().worker == worker) pod->confirm_lost();
  }
  answer(std::move(done), changed);
}

void LocalPlatform::stop_all(std::chrono::milliseconds limit, std::function<void()> done) {
  stopped_ = std::move(done);
  while (!broken_.empty()) remove_broken(broken_.begin()->first);
  for (const auto& [name, pod] : pods_) pod->stop(limit);
  post([this] { finish_when_empty(); });
}

void LocalPlatform::pod_gone(const PodName& pod) {
  log::info("pod gone", {{"pod", pod.value}});
  // It is on the stack of this very call.
  post([this, pod] {
    pods_.erase(pod);
    mark_changed();
    post([this] { finish_when_empty(); });  // after the view has changed
  });
}

void LocalPlatform::finish_when_empty() {
  if (!stopped_ || !pods_.empty()) return;
  std::error_code failed;
  fs::remove_all(state_.clusters(), failed);
  if (failed) log::warn("folder cannot be removed", {{"folder", state_.clusters().string()}, {"reason", failed.message()}});
  clusters_.clear();
  const auto stopped = std::exchange(stopped_, [] {});  // once; creating stays impossible
  stopped();
}

void LocalPlatform::answer(Done done, Result<void> result) {
  post([done = std::move(done), result = std::move(result)] { done(result); });
}

void LocalPlatform::post(std::function<void()> work) {
  scheduler_.post([alive = alive_, work = std::move(work)] {
    if (*alive) work();
  });
}

void LocalPlatform::mark_changed() {
  if (is_view_due_) return;
  is_view_due_ = true;
  post([this] {
    is_view_due_ = false;
    rebuild_view();
    if (changed_) changed_();
  });
}

void LocalPlatform::rebuild_view() { view_ = {pods_now(), workers_.view()}; }

std::vector<model::Pod> LocalPlatform::pods_now() const {
  std::vector<model::Pod> pods;
  for (const auto& [name, pod] : pods_) {
    if (pod->record().is_forgotten) continue;
    pods.push_back(pod->view());
    const auto today = today_.find(pod->record().cluster);
    pods.back().is_outdated = today != today_.end() && today->second != MadeFrom{pod->record().image, pod->record().server};
  }
  for (const auto& [name, pod] : broken_) pods.push_back(pod.view());
  std::sort(pods.begin(), pods.end(), [](const model::Pod& a, const model::Pod& b) { return a.name < b.name; });
  return pods;
}

}  // namespace shardkeeper::platform::local
