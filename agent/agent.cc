#include "agent/agent.h"

#include "agent/core/agent_core.h"
#include "agent/io/health_pages.h"
#include "agent/io/migrate_relay.h"
#include "agent/io/pod_volume.h"
#include "agent/io/polled.h"
#include "agent/io/startup_pages.h"
#include "agent/io/stop_socket.h"
#include "agent/io/volume_files.h"
#include "agent/io/volume_layout.h"
#include "common/http/http_server.h"
#include "common/log/log.h"
#include "common/net/asio_scheduler.h"
#include "common/rpc/agent_server.h"
#include "common/rpc/peer_calls.h"
#include "common/time/wall_clock.h"
#include "common/tls/server_identity.h"
#include "common/valkey/connection.h"

#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <functional>
#include <optional>

namespace shardkeeper::agent {
namespace {

constexpr Duration kListenRetry = std::chrono::seconds(1);
constexpr Duration kReadIdentityEvery = std::chrono::seconds(10);
constexpr Duration kReadSecretsEvery = std::chrono::seconds(2);
constexpr std::size_t kSecretBytesMax = 1024 * 1024;

valkey::ConnectionOptions server_address(const PodVolume& volume, const AgentOptions& options) {
  valkey::ConnectionOptions connection;
  connection.address = valkey::UnixAddress{(options.volume / layout::kServerSocket).string()};
  connection.login = valkey::Login{volume.agent_login().user, volume.agent_login().password};
  connection.retry_max = std::chrono::milliseconds(200);  // a local socket: trying costs next to nothing
  return connection;
}

// For moving slots: the server may be busy with one big key for longer than its node timeout allows others to wait.
valkey::ConnectionOptions job_address(const PodVolume& volume, const AgentOptions& options) {
  valkey::ConnectionOptions connection = server_address(volume, options);
  connection.call_timeout = kJobCallTimeout;
  return connection;
}

CoreConfig core_config(const PodVolume& volume, const AgentOptions& options) {
  CoreConfig config;
  config.pod = options.pod;
  config.cluster = options.cluster;
  config.announced = volume.settings().announce;
  config.hung_after = options.hung_after;
  config.min_replicas_to_write = volume.settings().min_replicas_to_write;
  config.replication = volume.settings().replication;
  return config;
}

}  // namespace

// In the order of construction: each uses what stands above it, and is gone before it.
class Agent::Impl {
 public:
  Impl(boost::asio::io_context& loop, const AgentOptions& options) : loop_(loop), options_(options), scheduler_(loop) {}

  Result<void> start() {
    auto volume = PodVolume::open(loop_, scheduler_, options_.volume);
    if (!volume) return volume.error();
    volume_ = *std::move(volume);
    auto identity = tls::read_identity(identity_folder());
    if (!identity) return identity.error();
    server_ = std::make_unique<valkey::Connection>(loop_, server_address(*volume_, options_));
    peers_ = std::make_unique<rpc::GrpcPeerCalls>(options_.cluster, *identity, scheduler_);
    core_ = std::make_unique<AgentCore>(
        core_config(*volume_, options_), scheduler_, *server_, *volume_, *peers_,
        [this] { return std::make_unique<valkey::Connection>(loop_, job_address(*volume_, options_)); },
        [this](const Endpoint& target, RelayKind kind) { return open_relay(target, kind); });
    follow_secrets();
    pages_ = std::make_unique<HealthPages>(*core_);
    if (auto started = start_http(); !started) return started;
    if (auto started = start_stop_socket(); !started) return started;
    if (auto started = start_rpc(*identity); !started) return started;
    follow_identity(*identity);
    return {};
  }

  bool server_lives() const { return core_->state().gate.lock_held; }

 private:
  std::filesystem::path identity_folder() const {
    return options_.identity.empty() ? options_.volume / layout::kTlsFolder : options_.identity;
  }

  Result<std::unique_ptr<Relay>> open_relay(const Endpoint& target, RelayKind kind) {
    const auto& folder = volume_->settings().tls_folder;
    if (folder.empty()) return MigrateRelay::open(loop_, target, kind, nullptr);
    const auto identity = tls::read_server_identity(folder, wall_clock(scheduler_));
    if (!identity) return unavailable("relay to " + to_string(target), to_string(identity.error()));
    return MigrateRelay::open(loop_, target, kind, &*identity);
  }

  void follow_secrets() {
    if (const auto& file = volume_->settings().users_file; !file.empty())
      users_.emplace(
          scheduler_, kReadSecretsEvery, [file] { return read_small_file(file, kSecretBytesMax); },
          [this](const Result<std::string>& text) { core_->users_read(text); });
    if (const auto& folder = volume_->settings().tls_folder; !folder.empty())
      server_tls_.emplace(
          scheduler_, kReadSecretsEvery, [this, folder] { return tls::read_server_identity(folder, wall_clock(scheduler_)); },
          [this, folder](const Result<tls::Identity>& files) {
            core_->tls_read(folder, files ? Result<std::string>(files->ca_pem + files->certificate_pem) : files.error());
          });
  }

  // What is half-written, damaged or unreadable leaves the present identity in use.
  void follow_identity(const tls::Identity& first) {
    identity_.emplace(
        scheduler_, kReadIdentityEvery, [folder = identity_folder()] { return tls::read_identity(folder); },
        [this, current = first](const Result<tls::Identity>& now) mutable {
          if (!now || *now == current) return;
          current = *now;
          use(current);
        });
  }

  // Streams and calls end and are made anew by their other ends, within a tenth of a second: that happens twice a year.
  void use(const tls::Identity& renewed) {
    log::info("certificate renewed");
    peers_->set_identity(renewed);
    if (rpc_) rpc_->close_streams();
    rpc_.reset();
    if (const auto started = start_rpc(renewed); !started) {
      log::error("cannot listen with the renewed certificate; trying again", {{"reason", to_string(started.error())}});
      rpc_retry_ = scheduler_.after(kListenRetry, [this, renewed] { use(renewed); });
    }
  }

  std::string ip() const { return options_.ip.empty() ? volume_->settings().announce.ip : options_.ip; }

  Result<void> start_http() {
    http::HttpServerOptions options;
    options.ip = ip();
    options.port = options_.http_port;
    auto http = http::HttpServer::start(loop_, options, [this](const http::HttpRequest& request) { return pages_->answer(request); });
    if (!http) return http.error();
    http_ = *std::move(http);
    return {};
  }

  Result<void> start_stop_socket() {
    const StopSocket::Handler handler{[this](HandOver::Say say) { return core_->hand_over(std::move(say)); },
                                      [this](int id) { core_->leave_hand_over(id); }};
    auto stop = StopSocket::start(loop_, options_.volume / layout::kAgentSocket, handler);
    if (!stop) return stop.error();
    stop_ = *std::move(stop);
    return {};
  }

  Result<void> start_rpc(const tls::Identity& identity) {
    const std::string address = ip() + ":" + std::to_string(options_.rpc_port);
    auto rpc = rpc::AgentServer::start({address, options_.cluster, identity}, scheduler_, *core_);
    if (!rpc) return rpc.error();
    rpc_ = *std::move(rpc);
    log::info(
        "agent started",
        {{"pod", options_.pod.value}, {"cluster", options_.cluster.value}, {"rpc", address}, {"http_port", std::to_string(http_->port())}});
    return {};
  }

  boost::asio::io_context& loop_;
  const AgentOptions options_;
  AsioScheduler scheduler_;
  std::unique_ptr<PodVolume> volume_;
  std::unique_ptr<valkey::Connection> server_;
  std::unique_ptr<rpc::GrpcPeerCalls> peers_;
  std::unique_ptr<AgentCore> core_;
  std::unique_ptr<HealthPages> pages_;
  std::unique_ptr<http::HttpServer> http_;
  std::unique_ptr<StopSocket> stop_;
  std::unique_ptr<rpc::AgentServer> rpc_;
  std::unique_ptr<Timer> rpc_retry_;  // set while it cannot listen
  std::optional<Polled<tls::Identity>> identity_;
  std::optional<Polled<std::string>> users_;
  std::optional<Polled<tls::Identity>> server_tls_;
};

Result<std::unique_ptr<Agent>> Agent::start(boost::asio::io_context& loop, const AgentOptions& options) {
  auto impl = std::make_unique<Impl>(loop, options);
  if (auto started = impl->start(); !started) return started.error();
  return std::unique_ptr<Agent>(new Agent(std::move(impl)));
}

Agent::Agent(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Agent::~Agent() = default;
bool Agent::server_lives() const { return impl_->server_lives(); }

Result<void> run_agent(const AgentOptions& options) {
  boost::asio::io_context loop(1);
  AsioScheduler scheduler(loop);
  auto agent = Agent::start(loop, options);
  if (!agent) return agent.error();

  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  std::unique_ptr<Timer> look_again;
  const std::function<void()> end_with_server = [&] {
    if (!(*agent)->server_lives()) return loop.stop();
    look_again = scheduler.after(std::chrono::milliseconds(50), end_with_server);
  };
  const std::function<void()> wait_for_signal = [&] {
    signals.async_wait([&](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal == SIGINT || options.on_term == AgentOptions::OnTerm::kEnd) return loop.stop();
      log::info("asked to end; staying until the server has ended");
      end_with_server();
      wait_for_signal();
    });
  };
  wait_for_signal();
  // By then the coordinator has connected and the server has started; what runs on is a fraction of what ran.
  const auto settled = scheduler.after(std::chrono::seconds(10), [] { drop_startup_pages(); });
  loop.run();
  look_again.reset();
  agent->reset();
  return {};
}

}  // namespace shardkeeper::agent
