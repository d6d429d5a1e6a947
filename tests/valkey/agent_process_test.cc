// The built program, as a platform runs it: prepare, run, launch; watched and commanded over gRPC with mTLS, probed over HTTP.
#include "common/net/asio_scheduler.h"
#include "common/rpc/agent_client.h"
#include "common/tls/authority.h"
#include "tests/support/child_process.h"
#include "tests/support/http_get.h"
#include "tests/support/loopback.h"
#include "tests/support/sync_client.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tls_client.h"
#include "tests/support/valkey_binaries.h"
#include "tests/support/wait_until.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <csignal>
#include <cstdio>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::uint16_t kHttpPort = 9781;
constexpr std::uint16_t kRpcPort = 9780;

std::chrono::sys_seconds now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

class AgentProcess : public testing::TestWithParam<ValkeyLine> {
 protected:
  AgentProcess() : authority_(tls::Authority::make(ClusterName("cache"), now()).value()), dialer_(scheduler_) {
    dialer_.set_identity(ClusterName("cache"), authority_.issue_coordinator(now()).value());
  }
  ~AgentProcess() override { link_.reset(); }

  ChildOptions agent(std::vector<std::string> arguments) const {
    ChildOptions options;
    options.program = SK_AGENT;
    options.arguments = std::move(arguments);
    options.environment = {"SHARDKEEPER_REPLICATION_PASSWORD=Secret42"};
    options.output = folder_ / "agent.log";
    return options;
  }
  void prepare(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"prepare", "--volume", volume(), "--launch",      SK_LAUNCH, "--pod",
                                       "cache-1", "--ip",     ip(),     "--cluster-uid", ip()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto finished = run(agent(arguments), 10s);
    ASSERT_EQ(finished.status, ExitStatus{}) << finished.output;
    ASSERT_TRUE(tls::write_identity(volume() + "/tls", authority_.issue_agent(PodName("cache-1"), now()).value()));
  }
  void start_agent(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"run", "--volume", volume(), "--pod", "cache-1", "--cluster", "cache"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    agent_ = ChildProcess(agent(arguments));
  }
  void start_launch() {
    ChildOptions options;
    options.program = volume() + "/launch";
    options.arguments = {volume(), valkey_server(GetParam()).string()};
    options.output = folder_ / "server.log";
    server_ = ChildProcess(options);
  }
  void dial() {
    rpc::AgentEvents events;
    events.on_state = [this](NodeState state) { state_ = std::move(state); };
    events.on_beat = [] {};
    events.on_lost = [this](const Error&) { state_.reset(); };
    link_ =
        dialer_.dial(ClusterName("cache"), PodName("cache-1"), ip() + ":" + std::to_string(kRpcPort), FenceToken{3}, 5s, std::move(events));
  }
  bool until(const std::function<bool()>& condition, std::chrono::milliseconds deadline = 20s) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      loop_.run_one_for(5ms);
    }
    return true;
  }
  std::string execute(const command::Command& command, std::uint64_t token = 3) {
    std::string result;
    link_->execute(FenceToken{token}, command, 5s,
                   [&](const Result<command::Outcome>& outcome) { result = outcome ? "done" : to_string(outcome.error()); });
    return until([&] { return !result.empty(); }) ? result : "never finished";
  }
  // From nothing to a Ready cluster of one.
  void start_all(std::vector<std::string> more = {}) {
    prepare();
    start_prepared(std::move(more));
    ASSERT_TRUE(until([&] { return state_->readiness.is_ready(); })) << state_->readiness.detail;
  }
  void start_prepared(std::vector<std::string> more = {}) {
    start_agent(std::move(more));
    start_launch();
    dial();
    ASSERT_TRUE(until([&] { return state_ && state_->gate.is_waiting(); })) << log();
    ASSERT_EQ(execute(command::GrantStart{state_->gate.request->id, "a test says so"}), "done");
    ASSERT_TRUE(until([&] { return state_->condition == ServerCondition::kUp; })) << log();
    ASSERT_EQ(execute(command::AddSlots{SlotSet::all()}), "done");
  }
  // What the server says to PING by such a user.
  std::string login(const std::string& user, const std::string& password) const {
    auto client = SyncClient::connect(ip(), 6379, 5s);
    if (!client) return to_string(client.error());
    const auto answer = client->call({"AUTH", user, password});
    if (!answer || answer->is_error()) return answer ? answer->text : to_string(answer.error());
    const auto pong = client->call({"PING"});
    return pong ? pong->text : to_string(pong.error());
  }
  std::string tls_ping(const tls::Identity& identity, bool shows_certificate) const {
    const auto answer = tls_exchange(ip(), 6379, identity, shows_certificate, "PING\r\n");
    return answer ? answer->text : to_string(answer.error());
  }
  std::string served_certificate(const tls::Identity& client) const {
    const auto answer = tls_exchange(ip(), 6379, client, true, "PING\r\n");
    return answer ? answer->certificate_pem : to_string(answer.error());
  }
  double metric(const std::string& name) const {
    const std::string page = http_get(ip(), kHttpPort, "/metrics");
    const auto at = page.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(page.substr(at + name.size() + 2));
  }

  std::string ip() const { return addresses_.address(1); }
  std::string volume() const { return (folder_ / "volume").string(); }
  std::string log() const { return read_file(folder_ / "agent.log") + read_file(folder_ / "server.log"); }

  TempDir folder_;
  LoopbackBlock addresses_;
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  AsioScheduler scheduler_{loop_};
  tls::Authority authority_;
  rpc::GrpcAgentDialer dialer_;
  std::optional<NodeState> state_;
  std::unique_ptr<rpc::AgentLink> link_;
  ChildProcess agent_;
  ChildProcess server_;
};

TEST_P(AgentProcess, ServesCoordinatorProbesAndMetrics) {
  prepare();
  start_agent();
  ASSERT_TRUE(wait_until([&] { return accepts_connections(ip(), kHttpPort); })) << log();
  EXPECT_THAT(http_get(ip(), kHttpPort, "/readyz"), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(http_get(ip(), kHttpPort, "/readyz"), HasSubstr("GateShut: no server process, and none has asked to start"));
  EXPECT_THAT(http_get(ip(), kHttpPort, "/livez"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(http_get(ip(), kHttpPort, "/metrics"), HasSubstr("\nvalkey_up 0\n"));
  agent_.terminate();
  start_all();

  EXPECT_THAT(http_get(ip(), kHttpPort, "/readyz"), HasSubstr("\r\n\r\nReady: primary of 16384 slots\n"));
  const std::string json = http_get(ip(), kHttpPort, "/readyz?format=json");
  EXPECT_THAT(json, HasSubstr(R"({"ready":true,"reason":"Ready","detail":"primary of 16384 slots","pod":"cache-1","server":"up")"));
  EXPECT_THAT(http_get(ip(), kHttpPort, "/readyz", "Accept: application/json"), HasSubstr(R"({"ready":true)"));
  EXPECT_THAT(http_get(ip(), kHttpPort, "/nothing"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(http_exchange(ip(), kHttpPort, "POST /readyz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"), StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(http_exchange(ip(), kHttpPort, "HEAD /readyz HTTP/1.1\r\nHost: a\r\n\r\n"), Not(HasSubstr("Ready:")));
  EXPECT_THAT(http_exchange(ip(), kHttpPort, "\x01\x02 what\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(http_get(ip(), kHttpPort, "/" + std::string(20'000, 'x')), StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(metric("valkey_up"), 1);
  EXPECT_EQ(metric("valkey_node_slots"), 16384);
  EXPECT_EQ(metric("shardkeeper_agent_readiness_reason{reason=\"Ready\"}"), 1);
}

TEST_P(AgentProcess, HasMetricsThatPrometheusLikes) {
  start_all();
  const std::string page = http_get(ip(), kHttpPort, "/metrics");
  write_file(folder_ / "metrics", page.substr(page.find("\r\n\r\n") + 4));
  ChildOptions check;
  check.program = "/bin/sh";
  check.arguments = {"-c", "promtool check metrics < " + (folder_ / "metrics").string()};
  const auto finished = run(check, 20s);
  EXPECT_EQ(finished.status, ExitStatus{}) << finished.output;
  EXPECT_EQ(finished.output, "");

  constexpr int kScrapes = 200;
  const double before = metric("shardkeeper_agent_cpu_seconds_total");
  for (int i = 0; i < kScrapes; ++i) http_get(ip(), kHttpPort, "/metrics");
  const double cpu_ms = (metric("shardkeeper_agent_cpu_seconds_total") - before) * 1'000 / kScrapes;
  std::printf("%.3f ms of CPU a scrape, %.1f MiB resident\n", cpu_ms, metric("shardkeeper_agent_resident_memory_bytes") / (1U << 20U));
}

TEST_P(AgentProcess, RefusesAnOldTokenAndTellsADeath) {
  start_all();
  EXPECT_THAT(execute(command::Unfence{0}, 2), HasSubstr("2 is lower than 3"));
  server_.kill();
  ASSERT_TRUE(until([&] { return state_->gate.is_known_dead(); }));
  EXPECT_TRUE(state_->last_life);
  EXPECT_THAT(http_get(ip(), kHttpPort, "/readyz"), HasSubstr("GateShut"));
}

TEST_P(AgentProcess, AnswersLaunchStop) {
  start_all();
  ChildOptions stop;
  stop.program = volume() + "/launch";
  stop.arguments = {"stop", volume(), "30"};
  EXPECT_THAT(run(stop, 10s).output, HasSubstr("done no synced replica to hand over to"));
}

TEST_P(AgentProcess, KeepsItsSidecarPromise) {
  start_all({"--stay-until-server-ends"});
  agent_.signal(SIGTERM);
  EXPECT_FALSE(agent_.wait(300ms)) << "its server still runs";
  EXPECT_THAT(http_get(ip(), kHttpPort, "/readyz"), StartsWith("HTTP/1.1 200"));
  server_.kill();
  EXPECT_EQ(agent_.wait(20s), (ExitStatus{0, 0}));
}

TEST_P(AgentProcess, EndsOnSigterm) {
  start_all();
  agent_.signal(SIGTERM);
  EXPECT_EQ(agent_.wait(20s), (ExitStatus{0, 0}));
  EXPECT_TRUE(server_.is_running()) << "the server is not the agent's";
}

TEST_P(AgentProcess, KeepsTheUsersOfAFile) {
  const std::string file = (folder_ / "users.acl").string();
  prepare({"--users", file});
  ASSERT_NO_FATAL_FAILURE(start_prepared());
  ASSERT_TRUE(until([&] { return state_->readiness.reason == ReadyReason::kUsersMissing; })) << state_->readiness.detail;
  EXPECT_THAT(state_->users_trouble, HasSubstr("users.acl"));
  EXPECT_THAT(login("default", "any"), StartsWith("WRONGPASS")) << "nobody gets in";

  write_file(file, "# of the shop\nuser app on >one ~* +@all -@admin\nuser bad on >x +@nothing\n");
  ASSERT_TRUE(until([&] { return state_->readiness.is_ready() && !state_->users_trouble.empty(); })) << state_->readiness.detail;
  EXPECT_THAT(state_->users_trouble, StartsWith("line 3: user bad: rule 3: "));
  EXPECT_EQ(login("app", "one"), "PONG");

  write_file(file, "user app on >two ~* +@all -@admin\nuser default on nopass ~* +ping\n");
  ASSERT_TRUE(until([&] { return login("app", "two") == "PONG"; })) << "passwords are rotated without a restart";
  EXPECT_THAT(login("app", "one"), StartsWith("WRONGPASS"));
  EXPECT_EQ(login("default", "any"), "PONG");
  EXPECT_TRUE(until([&] { return state_->users_trouble.empty(); }));

  write_file(file, "user shardkeeper on nopass +@all\n");
  ASSERT_TRUE(until([&] { return !state_->users_trouble.empty(); }));
  EXPECT_EQ(state_->users_trouble, "line 1: user shardkeeper is Shardkeeper's own");
  EXPECT_EQ(login("app", "two"), "PONG") << "what cannot be read changes nothing";
  write_file(file, "");
  ASSERT_TRUE(until([&] { return login("app", "two").starts_with("WRONGPASS"); }));
  EXPECT_TRUE(state_->readiness.is_ready());
}

TEST_P(AgentProcess, ServesTlsAndNothingElse) {
  const auto folder = folder_ / "server-tls";
  prepare({"--tls", folder.string()});
  start_agent();
  start_launch();
  dial();
  ASSERT_TRUE(until([&] { return state_ && state_->gate.is_waiting(); })) << log();
  EXPECT_THAT(state_->tls_trouble, HasSubstr("ca.crt"));
  EXPECT_THAT(execute(command::GrantStart{state_->gate.request->id, "a test says so"}), HasSubstr("ca.crt")) << "never without it";

  const auto first = authority_.issue_agent(PodName("servers"), now()).value();
  ASSERT_TRUE(tls::write_identity(folder, first));
  ASSERT_TRUE(until([&] { return state_->tls_trouble.empty(); })) << state_->tls_trouble;
  ASSERT_EQ(execute(command::GrantStart{state_->gate.request->id, "a test says so"}), "done");
  ASSERT_TRUE(until([&] { return state_->condition == ServerCondition::kUp; })) << log();
  ASSERT_EQ(execute(command::AddSlots{SlotSet::all()}), "done");
  ASSERT_TRUE(until([&] { return state_->readiness.is_ready(); })) << state_->readiness.detail;
  EXPECT_EQ(state_->announced.port, 6379);
  EXPECT_EQ(tls_ping(first, true), "+PONG\r\n");
  EXPECT_NE(tls_ping(first, false), "+PONG\r\n") << "whoever shows no certificate";
  EXPECT_NE(login("default", "any"), "PONG") << "plain text";

  write_file((folder / "tls.crt").string(), "no certificate");
  ASSERT_TRUE(until([&] { return !state_->tls_trouble.empty(); }));
  EXPECT_THAT(state_->tls_trouble, HasSubstr("tls.crt: is no PEM certificate"));
  EXPECT_TRUE(state_->readiness.is_ready()) << "it keeps what it has";
  EXPECT_EQ(served_certificate(first), first.certificate_pem);

  const auto second = authority_.issue_agent(PodName("servers"), now()).value();
  ASSERT_TRUE(tls::write_identity(folder, second));
  ASSERT_TRUE(until([&] { return served_certificate(first) == second.certificate_pem; })) << state_->tls_trouble;
  EXPECT_TRUE(until([&] { return state_->tls_trouble.empty(); })) << state_->tls_trouble;
  EXPECT_TRUE(server_.is_running()) << "without a restart";
}

TEST_P(AgentProcess, SaysWhyItCannotStart) {
  const auto unprepared = run(agent({"run", "--volume", volume(), "--pod", "cache-1", "--cluster", "cache"}), 10s);
  EXPECT_EQ(unprepared.status, (ExitStatus{1, 0}));
  EXPECT_THAT(unprepared.output, HasSubstr(volume()));
  prepare();
  start_agent();
  ASSERT_TRUE(wait_until([&] { return accepts_connections(ip(), kRpcPort); })) << log();
  const auto second = run(agent({"run", "--volume", volume(), "--pod", "cache-1", "--cluster", "cache"}), 10s);
  EXPECT_EQ(second.status, (ExitStatus{1, 0}));
  EXPECT_THAT(second.output, HasSubstr("shardkeeper-agent: http " + ip() + ":9781: cannot listen: Address already in use"));
  EXPECT_EQ(run(agent({"run", "--volume"}), 10s).status, (ExitStatus{2, 0}));
  EXPECT_EQ(run(agent({"--help"}), 10s).status, (ExitStatus{0, 0}));
}

INSTANTIATE_TEST_SUITE_P(Valkey, AgentProcess, testing::ValuesIn(kValkeyLines), [](const auto& info) { return to_string(info.param); });

}  // namespace
}  // namespace shardkeeper::test
