// The connection against real servers of both versions.
#include "common/valkey/connection.h"
#include "tests/support/loopback.h"
#include "tests/support/temp_dir.h"
#include "tests/support/valkey_process.h"
#include "tests/unit/valkey/event_loop.h"

#include <gmock/gmock.h>

#include <csignal>
#include <optional>

namespace shardkeeper::valkey {
namespace {

using namespace std::chrono_literals;
using test::ValkeyLine;
using test::ValkeyOptions;
using test::ValkeyProcess;
using testing::HasSubstr;

class ConnectionValkeyTest : public testing::TestWithParam<ValkeyLine> {
 protected:
  ValkeyOptions server_options(ValkeyOptions::Mode mode = ValkeyOptions::Mode::kCluster) const {
    return {.program = test::valkey_server(GetParam()), .ip = block_.address(1), .folder = folder_.path(), .mode = mode};
  }

  // A server with our user beside the default one.
  void start(ValkeyOptions options) {
    server_ = std::make_unique<ValkeyProcess>(std::move(options));
    add_user();
  }
  void add_user() { ASSERT_EQ(server_->ask({"ACL", "SETUSER", "shardkeeper", "on", ">secret", "~*", "&*", "+@all"}), "OK"); }

  ConnectionOptions options() const { return {.address = UnixAddress{server_->socket()}, .login = Login{"shardkeeper", "secret"}}; }
  void connect(ConnectionOptions options) {
    connection_ = std::make_unique<Connection>(loop_.context(), std::move(options));
    connection_->on_connection([this](bool connected) { changes_.push_back(connected); });
  }
  [[nodiscard]] bool wait_connected() {
    return loop_.run_until([this] { return connection_->is_connected(); });
  }
  [[nodiscard]] bool wait_trouble(ErrorKind kind) {
    return loop_.run_until([this, kind] { return connection_->trouble() && connection_->trouble()->kind == kind; });
  }

  Result<Reply> ask(std::vector<std::string> arguments) {
    std::optional<Result<Reply>> answer;
    connection_->call(std::move(arguments), [&answer](Result<Reply> result) { answer.emplace(std::move(result)); });
    if (!loop_.run_until([&answer] { return answer.has_value(); })) throw std::runtime_error("no answer to a call");
    return *answer;
  }

  test::TempDir folder_;
  test::LoopbackBlock block_;
  std::unique_ptr<ValkeyProcess> server_;
  test::EventLoop loop_;
  std::vector<bool> changes_;
  std::unique_ptr<Connection> connection_;
};

TEST_P(ConnectionValkeyTest, SpeaksWithTheServerAsItsUser) {
  start(server_options());
  connect(options());
  ASSERT_TRUE(wait_connected());
  EXPECT_EQ(ask({"ACL", "WHOAMI"})->text, "shardkeeper");
  EXPECT_THAT(ask({"CLUSTER", "NODES"})->text, HasSubstr("myself,master"));
  EXPECT_THAT(ask({"INFO"})->text, HasSubstr("valkey_version:" + test::to_string(GetParam())));
  EXPECT_THAT(ask({"CLUSTER", "MEET", "localhost", "1"})->text, HasSubstr("ERR Invalid node address"));
  EXPECT_EQ(ask({"ROLE"})->items.size(), 3U);
}

TEST_P(ConnectionValkeyTest, ReachesItOverTcpToo) {
  start(server_options());
  auto options = this->options();
  options.address = TcpAddress{block_.address(1), 6379};
  connect(options);
  ASSERT_TRUE(wait_connected());
  EXPECT_EQ(ask({"PING"})->text, "PONG");

  options.address = TcpAddress{block_.address(2), 6379};  // nobody there
  connect(options);
  ASSERT_TRUE(wait_trouble(ErrorKind::kUnavailable));
  EXPECT_THAT(connection_->trouble()->detail, HasSubstr("Connection refused"));
}

TEST_P(ConnectionValkeyTest, AWrongPasswordAndAMissingLoginAreRefused) {
  start(server_options());
  auto options = this->options();
  options.login->password = "wrong";
  connect(options);
  ASSERT_TRUE(wait_trouble(ErrorKind::kRefused));
  EXPECT_THAT(connection_->trouble()->detail, HasSubstr("WRONGPASS"));

  ASSERT_EQ(server_->ask({"CONFIG", "SET", "requirepass", "other"}), "OK");
  options.login.reset();
  connect(options);
  ASSERT_TRUE(wait_trouble(ErrorKind::kRefused));
  EXPECT_THAT(connection_->trouble()->detail, HasSubstr("NOAUTH"));
}

TEST_P(ConnectionValkeyTest, TooManyClientsIsUnavailable) {
  start(server_options());
  connect(options());
  ASSERT_TRUE(wait_connected());
  ASSERT_EQ(ask({"CONFIG", "SET", "maxclients", "1"})->text, "OK");
  Connection second(loop_.context(), options());
  ASSERT_TRUE(loop_.run_until([&second] { return second.trouble().has_value(); }));
  EXPECT_EQ(second.trouble()->kind, ErrorKind::kUnavailable);
  // The server says so and closes at once; where it was faster than our login, writing fails before its words are read.
  EXPECT_THAT(second.trouble()->detail,
              testing::AnyOf(HasSubstr("max number of clients"), HasSubstr("Broken pipe"), HasSubstr("closed"), HasSubstr("reset")));
  ASSERT_EQ(ask({"CONFIG", "SET", "maxclients", "100"})->text, "OK");
  EXPECT_TRUE(loop_.run_until([&second] { return second.is_connected(); }));
}

TEST_P(ConnectionValkeyTest, AKilledServerIsNoticedAndItsSuccessorFound) {
  start(server_options());
  connect(options());
  ASSERT_TRUE(wait_connected());
  const std::string first_run = ask({"INFO", "server"})->text;
  server_->kill();
  ASSERT_TRUE(loop_.run_until([this] { return !connection_->is_connected(); }));
  EXPECT_EQ(ask({"PING"}).error().kind, ErrorKind::kUnavailable);
  server_->start();
  add_user();
  ASSERT_TRUE(wait_connected());
  EXPECT_NE(ask({"INFO", "server"})->text, first_run);
  EXPECT_THAT(changes_, testing::ElementsAre(true, false, true));
}

TEST_P(ConnectionValkeyTest, AServerKilledBetweenCallAndReplyLeavesTheOutcomeUnknown) {
  start(server_options(ValkeyOptions::Mode::kStandalone));
  connect(options());
  ASSERT_TRUE(wait_connected());
  std::optional<Result<Reply>> answer;
  connection_->call({"BLPOP", "nothing", "0"}, [&answer](Result<Reply> result) { answer.emplace(std::move(result)); });
  ASSERT_TRUE(loop_.run_until([this] { return server_->info("clients", "blocked_clients") == "1"; }));
  server_->kill();
  ASSERT_TRUE(loop_.run_until([&answer] { return answer.has_value(); }));
  EXPECT_EQ(answer->error().kind, ErrorKind::kUnknownOutcome);
}

TEST_P(ConnectionValkeyTest, AStoppedServerTimesOutAndIsFoundAgain) {
  start(server_options());
  auto options = this->options();
  options.call_timeout = 200ms;
  connect(options);
  ASSERT_TRUE(wait_connected());
  server_->signal(SIGSTOP);
  const auto answer = ask({"CLUSTER", "NODES"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnknownOutcome);
  EXPECT_THAT(answer.error().detail, HasSubstr("no reply within 200 ms"));
  // The kernel still accepts connections for it: only the login shows that nobody answers.
  ASSERT_TRUE(loop_.run_until([this] { return connection_->trouble()->kind == ErrorKind::kUnavailable; }));
  EXPECT_FALSE(connection_->is_connected());
  server_->signal(SIGCONT);
  ASSERT_TRUE(wait_connected());
  EXPECT_EQ(ask({"PING"})->text, "PONG");
}

// A second's worth of loading, with the server answering in between.
TEST_P(ConnectionValkeyTest, ALoadingServerIsConnectedAndSaysSo) {
  auto slow = server_options(ValkeyOptions::Mode::kStandalone);
  slow.settings = {{"key-load-delay", "2000"}, {"loading-process-events-interval-bytes", "1024"}, {"rdbcompression", "no"}};
  start(slow);
  connect(options());
  ASSERT_TRUE(wait_connected());
  const std::string value(200, 'x');
  for (int i = 0; i < 1000; ++i) connection_->call({"SET", "key" + std::to_string(i), value}, [](const Result<Reply>&) {});
  ASSERT_EQ(ask({"SAVE"})->text, "OK");
  server_->kill();
  ASSERT_TRUE(loop_.run_until([this] { return !connection_->is_connected(); }));

  server_->start();  // returns at the first answer, LOADING counts
  auto options = this->options();
  options.login.reset();  // the user that was added by hand is gone
  connect(options);
  ASSERT_TRUE(wait_connected());
  const auto answer = ask({"GET", "key1"});
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_TRUE(answer->is_error());
  EXPECT_THAT(answer->text, testing::StartsWith("LOADING"));
  EXPECT_THAT(ask({"INFO", "persistence"})->text, HasSubstr("loading:1"));
  ASSERT_TRUE(loop_.run_until([this] { return !ask({"GET", "key1"})->is_error(); }));
  EXPECT_EQ(ask({"GET", "key1"})->text, value);
}

// The largest reply that the agent asks for.
TEST_P(ConnectionValkeyTest, StatisticsOfAllSlotsAreWithinTheBounds) {
  auto options = server_options();
  options.settings = {{"cluster-slot-stats-enabled", "yes"}};
  start(options);
  connect(this->options());
  ASSERT_TRUE(wait_connected());
  ASSERT_EQ(ask({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"})->text, "OK");
  const auto answer = ask({"CLUSTER", "SLOT-STATS", "SLOTSRANGE", "0", "16383"});
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->items.size(), 16384U);
  EXPECT_TRUE(connection_->is_connected());
}

TEST_P(ConnectionValkeyTest, AReplyOfTenMegabytesEndsTheConnection) {
  start(server_options(ValkeyOptions::Mode::kStandalone));
  connect(options());
  ASSERT_TRUE(wait_connected());
  ASSERT_EQ(ask({"SETRANGE", "big", "10485759", "x"})->integer, 10485760);
  const auto answer = ask({"GET", "big"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kInvalid);
  EXPECT_THAT(answer.error().detail, HasSubstr("longer than 8 MiB"));
  EXPECT_TRUE(wait_connected());
}

TEST_P(ConnectionValkeyTest, APipelineOfAThousandKeepsItsOrder) {
  start(server_options(ValkeyOptions::Mode::kStandalone));
  connect(options());
  ASSERT_TRUE(wait_connected());
  std::vector<std::string> echoes;
  for (int i = 0; i < 1000; ++i)
    connection_->call({"ECHO", std::to_string(i)}, [&echoes](Result<Reply> result) { echoes.push_back(result->text); });
  ASSERT_TRUE(loop_.run_until([&echoes] { return echoes.size() == 1000; }));
  for (std::size_t i = 0; i < echoes.size(); ++i) EXPECT_EQ(echoes[i], std::to_string(i));
}

INSTANTIATE_TEST_SUITE_P(Valkey, ConnectionValkeyTest, testing::ValuesIn(test::kValkeyLines),
                         [](const auto& info) { return test::to_string(info.param); });

}  // namespace
}  // namespace shardkeeper::valkey
