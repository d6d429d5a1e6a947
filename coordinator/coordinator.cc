#include "coordinator/coordinator.h"

#include "common/log/log.h"
#include "coordinator/metrics.h"
#include "coordinator/surroundings/make.h"

namespace shardkeeper::coordinator {

Coordinator::Coordinator(boost::asio::io_context& loop, Options options, std::function<void(Error)> failed)
    : loop_(loop), scheduler_(loop), options_(std::move(options)), failed_(std::move(failed)) {
  if (options_.admin_socket.empty()) options_.admin_socket = options_.local.state_folder / "admin.sock";
  events_.on_add([this](const reconcile::Event& event) { surroundings_->happened(event); });
}

Coordinator::~Coordinator() {
  admin_server_.reset();
  clusters_.clear();
}

void Coordinator::start() {
  if (const auto opened = open(); !opened) {
    scheduler_.post([this, reason = opened.error()] { failed_(reason); });
    return;
  }
  surroundings_->start({.lead = [this](FenceToken token) { return lead(token); },
                        .other_leads = [this](const std::string& holder) { stand_by(holder); },
                        .token_raised = [this](FenceToken token) { use_token(token); },
                        .clusters_changed = [this] { apply_clusters(); },
                        .failed = [this](const Error& error) { failed_(error); },
                        .loop = [this](const ClusterName& name) -> const reconcile::ClusterLoop* {
                          const auto found = clusters_.find(name);
                          return found == clusters_.end() ? nullptr : found->second.get();
                        }});
}

Result<void> Coordinator::open() {
  auto surroundings = make_surroundings(loop_, scheduler_, options_);
  if (!surroundings) return surroundings.error();
  surroundings_ = std::move(*surroundings);
  return start_http();
}

void Coordinator::stand_by(const std::string& leader) {
  standby_service_.set_leader(leader);
  if (admin_server_) return;
  auto server = rpc::AdminServer::start(options_.admin_socket, scheduler_, standby_service_);
  if (!server) return log::warn("the CLI cannot be told who leads", {{"reason", to_string(server.error())}});
  admin_server_ = std::move(*server);
}

Result<void> Coordinator::lead(FenceToken token) {
  token_ = token;
  admin_server_.reset();  // that of standing by
  dialer_ = std::make_unique<rpc::GrpcAgentDialer>(scheduler_);
  admin_service_ = std::make_unique<AdminService>(
      AdminService::Ports{scheduler_, surroundings_->platform(), clusters_, events_, surroundings_->by_hand()});
  auto server = rpc::AdminServer::start(options_.admin_socket, scheduler_, *admin_service_);
  if (!server) return server.error();
  admin_server_ = std::move(*server);
  surroundings_->platform().on_change([this] {
    for (auto& [name, loop] : clusters_) loop->platform_changed();
  });
  is_leading_ = true;
  return {};
}

void Coordinator::apply_clusters() {
  const auto& wanted = surroundings_->clusters();
  for (const auto& [name, cluster] : wanted) run(name, cluster);
  const auto gone = std::erase_if(clusters_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  std::erase_if(identities_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  if (gone != 0) admin_service_->status_changed();
}

void Coordinator::run(const ClusterName& name, const WantedCluster& wanted) {
  if (auto& known = identities_[name]; known != wanted.identity) {
    known = wanted.identity;
    dialer_->set_identity(name, known);
  }
  auto& loop = clusters_[name];
  if (loop && loop->cluster().uid != wanted.object.uid) loop.reset();  // another object of the same name: nothing that was known holds
  if (loop) {
    loop->set_cluster(wanted.object);
  } else {
    loop = std::make_unique<reconcile::ClusterLoop>(
        reconcile::ClusterLoop::Ports{scheduler_, surroundings_->platform(), *dialer_, events_}, wanted.object, token_, fresh_seed(),
        reconcile::ClusterLoop::Hooks{.passed =
                                          [this, name](Duration took) {
                                            pass_times_.add(took);
                                            admin_service_->status_changed();
                                            surroundings_->passed(*clusters_.at(name));
                                            if (status_changed_) status_changed_();
                                          },
                                      .higher_token_seen =
                                          [this](FenceToken seen) {
                                            if (seen >= token_) surroundings_->raise_token(seen);
                                          },
                                      .neighbours = [this, name] { return neighbours_of(name); }});
  }
  loop->set_outside_findings(wanted.findings);
}

void Coordinator::use_token(FenceToken token) {
  log::info("fence token raised", {{"from", std::to_string(token_.value)}, {"to", std::to_string(token.value)}});
  token_ = token;
  // Links must not be replaced inside one of their own callbacks.
  scheduler_.post([this] {
    for (auto& [name, loop] : clusters_) loop->set_token(token_);
  });
}

reconcile::Neighbours Coordinator::neighbours_of(const ClusterName& cluster) const {
  reconcile::Neighbours neighbours;
  for (const auto& [name, loop] : clusters_) {
    if (name == cluster) continue;
    const auto& snapshot = loop->snapshot();
    std::size_t silent = 0;
    for (const auto& info : snapshot.pods) {
      silent += info.state && snapshot.now - info.heard_at > snapshot.cluster.spec.node_timeout ? 1U : 0U;
      if (info.state && info.state->role == Role::kPrimary && !info.state->slots.empty()) ++neighbours.primaries[info.pod.worker];
    }
    if (!snapshot.pods.empty() && silent == snapshot.pods.size()) ++neighbours.clusters_silent;
  }
  return neighbours;
}

Result<void> Coordinator::start_http() {
  if (options_.http_ip.empty()) return {};
  http::HttpServerOptions options;
  options.ip = options_.http_ip;
  options.port = options_.http_port;
  auto server = http::HttpServer::start(loop_, options, [this](const http::HttpRequest& request) { return page(request); });
  if (!server) return server.error();
  http_ = std::move(*server);
  return {};
}

// A standby is ready: it can take over, and a rollout must not wait for it to lead.
http::HttpResponse Coordinator::page(const http::HttpRequest& request) const {
  if (request.path == "/healthz") return {200, "text/plain; charset=utf-8", "the loop turns\n"};
  if (request.path == "/readyz") return {200, "text/plain; charset=utf-8", is_leading_ ? "leading\n" : "standing by\n"};
  if (request.path == "/metrics")
    return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(is_leading_, token_, status(), pass_times_)};
  return {404, "text/plain; charset=utf-8", "there are /healthz, /readyz and /metrics\n"};
}

admin::v1::Status Coordinator::status() const { return admin_service_ ? admin_service_->status_of("") : admin::v1::Status(); }

void Coordinator::stop(std::function<void()> done) {
  is_leading_ = false;
  admin_server_.reset();
  clusters_.clear();
  if (!surroundings_) return done();
  surroundings_->stop([this, done = std::move(done)] {
    http_.reset();
    done();
  });
}

}  // namespace shardkeeper::coordinator
