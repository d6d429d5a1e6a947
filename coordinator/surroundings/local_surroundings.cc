#include "coordinator/surroundings/local_surroundings.h"

#include "common/log/log.h"
#include "coordinator/manifest/edit_shards.h"
#include "coordinator/manifest/replace_text.h"

#include <algorithm>
#include <utility>

namespace shardkeeper::coordinator {
namespace {

constexpr Duration kManifestRetry = std::chrono::seconds(2);
constexpr std::chrono::seconds kStopWithin{15};

}  // namespace

LocalSurroundings::LocalSurroundings(boost::asio::io_context& loop, Scheduler& scheduler, const Options& options, std::string holder)
    : loop_(loop),
      scheduler_(scheduler),
      options_(options.local),
      cluster_files_(options.cluster_files),
      at_end_(options.at_end),
      lease_(scheduler, options.local.state_folder / "lease", std::move(holder)) {}

LocalSurroundings::~LocalSurroundings() = default;

void LocalSurroundings::start(Hooks hooks) {
  hooks_ = std::move(hooks);
  std::error_code error;
  std::filesystem::create_directories(options_.state_folder, error);
  if (error) {
    const auto reason =
        unavailable(options_.state_folder.string(), "cannot be made: " + error.message() + "; choose another with --state-dir");
    return scheduler_.post([failed = hooks_.failed, reason] { failed(reason); });
  }
  lease_.start({.waiting =
                    [](const reconcile::LeaseHolder& holder) {
                      log::warn("another coordinator leads; standing by", {{"holder", holder.name}, {"pid", std::to_string(holder.pid)}});
                    },
                .acquired = [this](FenceToken token) { lead(token); },
                .raised = [this](FenceToken token) { hooks_.token_raised(token); },
                .failed =
                    [this](const Error& reason) {
                      if (reason.kind != ErrorKind::kConflict) return hooks_.failed(reason);
                      log::warn("lease", {{"reason", to_string(reason)}});
                    },
                .lost = [this](const Error& reason) { leave_running(reason); }});
}

void LocalSurroundings::lead(FenceToken token) {
  log::info("leading", {{"token", std::to_string(token.value)}, {"state", options_.state_folder.string()}});
  if (const auto opened = open(); !opened) return leave_running(opened.error());
  if (const auto led = hooks_.lead(token); !led) return leave_running(led.error());
  apply_manifests();
  files_->follow([this] { apply_manifests(); });
}

Result<void> LocalSurroundings::open() {
  files_ = std::make_unique<manifest::ManifestFiles>(scheduler_, cluster_files_);
  if (files_->clusters().empty() && !files_->errors().empty()) {
    std::string text;
    for (const auto& error : files_->errors()) text += (text.empty() ? "" : "\n") + to_string(error);
    return invalid("", text);
  }
  auto platform = platform::local::LocalPlatform::open(loop_, scheduler_, options_);
  if (!platform) return platform.error();
  platform_ = std::move(*platform);
  return {};
}

// What runs is a predecessor's or a successor's by now: it is not ours to stop.
void LocalSurroundings::leave_running(const Error& reason) {
  at_end_ = AtEnd::kKeep;
  hooks_.failed(reason);
}

// A file that is bad or gone leaves its cluster as it was; what is wrong becomes a finding.
void LocalSurroundings::apply_manifests() {
  for (const auto& error : files_->errors()) log::warn("manifest", {{"error", to_string(error)}});
  for (const auto& wanted : files_->clusters()) adopt(wanted);
  hooks_.clusters_changed();
}

void LocalSurroundings::adopt(const manifest::WantedCluster& wanted) {
  const auto& name = wanted.object.name;
  const auto running = clusters_.find(name);
  std::vector<model::Finding> findings;
  if (!wanted.stale_because.empty()) findings.push_back({model::Reason::kManifestRejected, "file " + wanted.file, wanted.stale_because});
  model::ClusterObject object = wanted.object;
  if (running != clusters_.end()) {
    object.uid = running->second.object.uid;
    const auto errors = manifest::allowed_change(running->second.object, object);
    for (const auto& error : errors)
      findings.push_back({model::Reason::kManifestRejected, "file " + wanted.file, error.field + ": " + error.reason});
    if (!errors.empty()) object = running->second.object;
  }
  auto access = platform_->open_cluster(object);
  if (!access) return not_opened(name, access.error(), std::move(findings));
  not_opened_.erase(name);
  object.uid = access->uid;
  if (running != clusters_.end()) {
    running->second.object = std::move(object);
    running->second.findings = std::move(findings);
  } else {
    clusters_.emplace(name, WantedCluster{std::move(object), std::move(access->coordinator), std::move(findings)});
  }
}

void LocalSurroundings::not_opened(const ClusterName& name, const Error& reason, std::vector<model::Finding> findings) {
  const bool is_only_one = clusters_.empty() && platform_->view().pods.empty();
  if (is_only_one) return hooks_.failed(reason);
  auto& said = not_opened_[name];
  if (said != reason) log::error("cluster cannot be opened yet", {{"cluster", name.value}, {"reason", to_string(reason)}});
  said = reason;
  if (const auto running = clusters_.find(name); running != clusters_.end()) {
    findings.push_back({model::Reason::kStepFailed, "cluster", "the manifest is not followed yet: " + to_string(reason)});
    running->second.findings = std::move(findings);
  }
  // What runs goes on as it was. Nobody edits the file again when the disk has space again, so it is read again until then.
  manifests_timer_ = scheduler_.after(kManifestRetry, [this] { apply_manifests(); });
}

// A deleted lease file begins counting anew, and agents would refuse us: so count above what they have seen.
void LocalSurroundings::raise_token(FenceToken seen) {
  if (std::exchange(is_raising_, true)) return;
  lease_.raise_above(seen, [this](const Result<FenceToken>& raised) {
    is_raising_ = false;
    if (!raised) leave_running(raised.error());
  });
}

void LocalSurroundings::stop(std::function<void()> done) {
  manifests_timer_.reset();
  files_.reset();
  if (!platform_ || at_end_ == AtEnd::kKeep) return lease_.release(std::move(done));
  platform_->stop_all(kStopWithin, [this, done = std::move(done)] { lease_.release(done); });
}

void LocalSurroundings::cordon(const WorkerName& worker, Done done) { platform_->cordon(worker, std::move(done)); }
void LocalSurroundings::uncordon(const WorkerName& worker, Done done) { platform_->uncordon(worker, std::move(done)); }
void LocalSurroundings::confirm_lost(const WorkerName& worker, Done done) { platform_->confirm_lost(worker, std::move(done)); }

void LocalSurroundings::lose(const WorkerName& worker, WorkerLoss loss, Done done) {
  using platform::local::Loss;
  platform_->lose(worker,
                  loss == WorkerLoss::kKill   ? Loss::kKill
                  : loss == WorkerLoss::kStop ? Loss::kStop
                                              : Loss::kRestore,
                  std::move(done));
}

void LocalSurroundings::set_shards(const ClusterName& cluster, int shards, std::function<void(Result<std::string>)> done) {
  done(write_shards(cluster, shards));
}

// The files are followed: what is written here is read like any other edit.
Result<std::string> LocalSurroundings::write_shards(const ClusterName& cluster, int shards) {
  const auto wanted = std::ranges::find(files_->clusters(), cluster, [](const auto& one) { return one.object.name; });
  if (wanted == files_->clusters().end()) return not_found("cluster " + cluster.value, "comes from no file");
  if (!wanted->stale_because.empty()) return refused("cluster " + cluster.value, wanted->stale_because);
  const auto written = manifest::replace_text(
      wanted->file, [&](const std::string& text) { return manifest::with_shards(wanted->file, text, cluster, shards); });
  if (!written) return written.error();
  return *written ? wanted->file : std::string();
}

}  // namespace shardkeeper::coordinator
