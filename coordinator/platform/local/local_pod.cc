#include "coordinator/platform/local/local_pod.h"

#include "common/log/log.h"

#include <csignal>

namespace shardkeeper::platform::local {

namespace fs = std::filesystem;

LocalPod::LocalPod(const PodSurroundings& surroundings, PodRecord record)
    : around_(surroundings),
      record_(std::move(record)),
      folder_(around_.state.pod(record_.name)),
      prepare_(make_container(kPrepareContainer, RestartPolicy::kUntilSuccess, record_.prepare,
                              [this]() -> Result<Command> {
                                if (const auto server = find_server(around_.options, record_.image); !server) return server.error();
                                if (const auto agent = check_program(around_.options.agent_binary, "agent"); !agent) return agent.error();
                                const auto secrets = around_.secrets_of(record_.cluster);
                                if (!secrets) return secrets.error();
                                return prepare_command(around_.options, folder_, record_, *secrets);
                              })),
      agent_(make_container(kAgentContainer, RestartPolicy::kAlways, record_.agent,
                            [this]() -> Result<Command> {
                              if (const auto agent = check_program(around_.options.agent_binary, "agent"); !agent) return agent.error();
                              return agent_command(around_.options, folder_, record_);
                            })),
      valkey_(make_container(kValkeyContainer, RestartPolicy::kAlways, record_.valkey, [this]() -> Result<Command> {
        const auto server = find_server(around_.options, record_.image);
        if (!server) return server.error();
        return server_command(folder_, *server);
      })) {}

Command LocalPod::guarded(Command command) const {
  command.held_until_exec = around_.guard.descriptor();
  return command;
}

Container LocalPod::make_container(const char* name, RestartPolicy policy, ContainerRecord& record,
                                   std::function<Result<Command>()> command) {
  Container::Setup setup;
  setup.name = name;
  setup.log = log_of(folder_, name);
  setup.policy = policy;
  setup.command = [this, command = std::move(command)]() -> Result<Command> {
    auto made = command();
    return made ? guarded(std::move(*made)) : std::move(made);
  };
  setup.record_changed = [this] { return save(); };
  setup.succeeded = [this] {
    record_.is_prepared = true;
    if (const auto saved = save(); !saved)
      log::warn("pod cannot be written down", {{"pod", record_.name.value}, {"reason", to_string(saved.error())}});
    start_containers();
  };
  setup.stopped = [this] {
    if (removal_ != nullptr) removal_->container_stopped();
  };
  return Container(around_.loop, around_.scheduler, record, std::move(setup));
}

void LocalPod::carry_on(WorkerHealth worker, const std::vector<WorkingProcess>& running) {
  end_strangers(running);
  worker_ = worker;
  if (worker_ != WorkerHealth::kUp) freeze(worker_);
  prepare_.adopt();
  agent_.adopt();
  valkey_.adopt();
  if (!record_.deletion_grace) return start_containers();
  if (worker_ == WorkerHealth::kUp) begin_removal();
}

void LocalPod::start_containers() {
  if (!record_.is_prepared) return prepare_.start();
  agent_.start();
  valkey_.start();
}

// A coordinator that was killed between starting a process and writing it down left one that nobody knows. It can only just have begun: a
// server is behind its gate until a coordinator opens it, so nothing is lost with it.
void LocalPod::end_strangers(const std::vector<WorkingProcess>& running) {
  for (const auto& found : processes_of(around_.options, folder_, record_, running)) {
    if (is_recorded(found, record_)) continue;
    log::info("ending a process of the pod that was not written down", {{"pod", record_.name.value}, {"process", to_string(found.id)}});
    kill_exactly(found.id);
  }
}

void LocalPod::freeze(WorkerHealth health) {
  const int signal = health == WorkerHealth::kKilled ? SIGKILL : SIGSTOP;
  removal_.reset();  // begins anew when the worker is back
  prepare_.freeze(signal);
  valkey_.freeze(signal);
  agent_.freeze(signal);
}

void LocalPod::thaw() {
  prepare_.thaw();
  agent_.thaw();
  valkey_.thaw();
}

void LocalPod::set_worker_health(WorkerHealth health) {
  worker_ = health;
  if (health != WorkerHealth::kUp) return freeze(health);
  if (!record_.deletion_grace) {
    thaw();
    return start_containers();
  }
  prepare_.keep_down();
  agent_.keep_down();
  valkey_.keep_down();
  // A returning kubelet ends at once what was deleted by force meanwhile; for the others the grace period begins anew.
  if (!record_.is_forgotten) thaw();
  begin_removal();
}

Result<void> LocalPod::set_labels(const std::map<std::string, std::string>& labels) {
  const auto before = record_.labels;
  for (const auto& [name, value] : labels) record_.labels[name] = value;
  if (record_.labels == before) return {};
  auto saved = save();
  if (!saved) record_.labels = before;
  return saved;
}

Result<void> LocalPod::set_condition(const std::string& type, bool holds) {
  const auto before = record_.conditions;
  record_.conditions[type] = holds;
  if (record_.conditions == before) return {};
  auto saved = save();
  if (!saved) record_.conditions = before;
  return saved;
}

void LocalPod::remove(std::chrono::seconds grace) {
  if (record_.deletion_grace && *record_.deletion_grace <= grace && (removal_ != nullptr || worker_ != WorkerHealth::kUp)) return;
  record_.deletion_grace = grace;
  record_.is_forgotten = worker_ == WorkerHealth::kStopped && grace.count() == 0;
  // Not written down means at worst that a coordinator killed meanwhile forgets the wish; whoever wished asks again.
  if (const auto saved = save(); !saved)
    log::warn("deletion cannot be written down", {{"pod", record_.name.value}, {"reason", to_string(saved.error())}});
  const bool nobody_is_there = worker_ == WorkerHealth::kKilled && grace.count() == 0;
  if (worker_ == WorkerHealth::kUp || nobody_is_there) begin_removal();
}

void LocalPod::stop(Duration limit) {
  record_.deletion_grace = std::chrono::seconds(0);
  if (worker_ != WorkerHealth::kUp) return new_removal().kill_at_once();
  new_removal().start(limit, std::nullopt);
}

void LocalPod::confirm_lost() {
  worker_ = WorkerHealth::kKilled;
  freeze(worker_);
  if (!record_.deletion_grace) return;
  record_.deletion_grace = std::chrono::seconds(0);
  begin_removal();
}

void LocalPod::begin_removal() {
  const auto grace = *record_.deletion_grace;
  if (grace.count() == 0) return new_removal().kill_at_once();
  const auto pre_stop = guarded(stop_command(folder_, grace));
  const bool can_ask = check_program(pre_stop.program, "launch").has_value();
  new_removal().start(grace, can_ask ? std::optional(pre_stop) : std::nullopt);
}

// A removal under way is asked to hasten rather than replaced: it may be waiting for a preStop's end.
PodRemoval& LocalPod::new_removal() {
  if (removal_ == nullptr) {
    removal_ = std::make_unique<PodRemoval>(around_.loop, around_.scheduler, PodRemoval::Containers{prepare_, agent_, valkey_},
                                            [this, alive = alive_] {
                                              if (*alive) clean_up();
                                            });
  }
  return *removal_;
}

void LocalPod::clean_up() {
  for (const auto& left : processes_of(around_.options, folder_, record_)) kill_exactly(left.id);  // what a server forked
  const auto gone = around_.state.gone(record_.name, record_.uid);
  std::error_code failed;
  fs::rename(folder_, gone, failed);
  if (!failed) fs::remove_all(gone, failed);  // what cannot be removed is tried again at the next start
  if (failed) log::warn("pod's folder cannot be removed", {{"folder", folder_.string()}, {"reason", failed.message()}});
  around_.gone(record_.name);
}

Result<void> LocalPod::save() {
  around_.changed();
  const auto saved = write_file(folder_ / "pod.json", to_json(record_));
  trouble_ = saved ? "" : to_string(saved.error());
  return saved;
}

model::Pod LocalPod::view() const {
  model::Pod pod;
  pod.name = record_.name;
  pod.uid = record_.uid;
  pod.cluster = record_.cluster;
  pod.labels = record_.labels;
  pod.worker = record_.worker;
  pod.ip = record_.ip;
  pod.phase = record_.is_prepared ? model::PodPhase::kRunning : model::PodPhase::kPending;
  pod.containers = {prepare_.status(), agent_.status(), valkey_.status()};
  pod.image = record_.image;
  pod.is_deleting = record_.deletion_grace.has_value();
  pod.conditions = record_.conditions;
  for (const auto* trouble : {&trouble_, &prepare_.trouble(), &agent_.trouble(), &valkey_.trouble()})
    if (pod.trouble.empty()) pod.trouble = *trouble;
  return pod;
}

}  // namespace shardkeeper::platform::local
