// The connection against a server that misbehaves on demand. Real servers: connection_valkey_test.cc.
#include "common/valkey/connection.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/valkey/event_loop.h"
#include "tests/unit/valkey/fake_server.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace shardkeeper::valkey {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::FakeServer;
using testing::ElementsAre;
using testing::HasSubstr;

class ConnectionTest : public testing::Test {
 protected:
  ConnectionOptions options() const {
    return {.address = UnixAddress{path_}, .login = Login{"shardkeeper", "secret"}, .retry_min = 1ms, .retry_max = 10ms};
  }

  // A server whose answer to everything after the login is always the same.
  void serve(const std::string& answer) {
    serve_with([answer](FakeServer::Peer& peer, const std::string&) { peer.send(answer); });
  }
  void serve_with(FakeServer::Script script, std::string login_answer = "+OK\r\n") {
    server_ = std::make_unique<FakeServer>(loop_.context(), path_, std::move(script), std::move(login_answer));
  }

  void connect() { connect(options()); }
  void connect(const ConnectionOptions& options) {
    connection_ = std::make_unique<Connection>(loop_.context(), options);
    connection_->on_connection([this](bool connected) { changes_.push_back(connected); });
  }
  bool wait_connected() {
    return loop_.run_until([this] { return connection_->is_connected(); });
  }

  // Calls and collects in results_, in the order in which they come.
  void call(std::vector<std::string> arguments) {
    connection_->call(std::move(arguments), [this](Result<Reply> result) { results_.push_back(std::move(result)); });
  }
  bool wait_results(std::size_t count) {
    return loop_.run_until([this, count] { return results_.size() >= count; });
  }
  // Connects, makes `calls` calls in one go and waits for as many results.
  void ask(int calls = 1) {
    connect();
    ASSERT_TRUE(wait_connected());
    for (int i = 0; i < calls; ++i) call({"PING"});
    ASSERT_TRUE(wait_results(static_cast<std::size_t>(calls)));
  }

  std::vector<ErrorKind> kinds() const {
    std::vector<ErrorKind> kinds;
    for (const auto& result : results_) kinds.push_back(result.error().kind);
    return kinds;
  }

  test::TempDir folder_;
  const std::string path_ = folder_ / "s";
  test::EventLoop loop_;
  AsioScheduler scheduler_{loop_.context()};
  std::unique_ptr<Timer> late_;
  std::unique_ptr<FakeServer> server_;
  std::vector<bool> changes_;
  std::vector<Result<Reply>> results_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(ConnectionTest, LogsInBeforeItIsConnected) {
  serve("+PONG\r\n");
  ask();
  EXPECT_EQ(server_->peers().at(0)->received(), "*3\r\n$4\r\nAUTH\r\n$11\r\nshardkeeper\r\n$6\r\nsecret\r\n*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(results_[0].value(), (Reply{.kind = Reply::Kind::kStatus, .text = "PONG"}));
  EXPECT_THAT(changes_, ElementsAre(true));
  EXPECT_EQ(connection_->trouble(), std::nullopt);
}

TEST_F(ConnectionTest, EveryKindOfReplyArrivesAsItWasSent) {
  using enum Reply::Kind;
  serve("*7\r\n$3\r\na\0b\r\n+OK\r\n:-7\r\n$-1\r\n*-1\r\n*2\r\n$0\r\n\r\n*0\r\n-ERR no\r\n"s);
  ask();
  EXPECT_EQ(results_[0].value(), (Reply{.kind = kArray,
                                        .items = {{.kind = kText, .text = std::string("a\0b", 3)},
                                                  {.kind = kStatus, .text = "OK"},
                                                  {.kind = kInteger, .integer = -7},
                                                  {.kind = kNil},
                                                  {.kind = kNil},
                                                  {.kind = kArray, .items = {{.kind = kText}, {.kind = kArray}}},
                                                  {.kind = kError, .text = "ERR no"}}}));
}

TEST_F(ConnectionTest, ErrorRepliesPassThrough) {
  serve("-LOADING Valkey is loading the dataset in memory\r\n");
  ask();
  EXPECT_TRUE(results_[0]->is_error());
  EXPECT_THAT(results_[0]->text, testing::StartsWith("LOADING"));
  EXPECT_TRUE(connection_->is_connected());
}

TEST_F(ConnectionTest, RepliesComeInTheOrderOfTheCalls) {
  serve_with([](FakeServer::Peer& peer, const std::string& chunk) {
    for (auto n = std::ranges::count(chunk, '*'); n > 0; --n) peer.send(":" + std::to_string(n) + "\r\n");
  });
  ask(50);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(results_[static_cast<std::size_t>(i)]->integer, 50 - i);
}

// --- no server

TEST_F(ConnectionTest, AMissingSocketIsUnavailableAndTriedAgain) {
  connect();
  ASSERT_TRUE(loop_.run_until([this] { return connection_->trouble().has_value(); }));
  EXPECT_EQ(connection_->trouble()->kind, ErrorKind::kUnavailable);
  EXPECT_THAT(connection_->trouble()->detail, HasSubstr("No such file or directory"));
  call({"PING"});
  EXPECT_TRUE(results_.empty()) << "never from inside call()";
  ASSERT_TRUE(wait_results(1));
  EXPECT_EQ(results_[0].error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(results_[0].error().detail, HasSubstr("not connected: cannot connect: No such file"));
  serve("+PONG\r\n");
  EXPECT_TRUE(wait_connected());
}

TEST_F(ConnectionTest, ASocketThatNobodyServesIsRefused) {
  serve("");
  server_.reset();  // the file stays
  connect();
  ASSERT_TRUE(loop_.run_until([this] { return connection_->trouble().has_value(); }));
  EXPECT_EQ(connection_->trouble()->kind, ErrorKind::kUnavailable);
  EXPECT_THAT(connection_->trouble()->detail, HasSubstr("Connection refused"));
}

TEST_F(ConnectionTest, AddressesThatCannotBeAreInvalid) {
  for (const Address& address :
       {Address(UnixAddress{"/tmp/" + std::string(120, 'x')}), Address(UnixAddress{""}), Address(TcpAddress{"localhost", 1})}) {
    auto options = this->options();
    options.address = address;
    connect(options);
    ASSERT_TRUE(loop_.run_until([this] { return connection_->trouble().has_value(); }));
    EXPECT_EQ(connection_->trouble()->kind, ErrorKind::kInvalid) << to_string(address);
  }
}

TEST_F(ConnectionTest, PausesGrowToTheirLimit) {
  serve_with({}, "-ERR go away\r\n");
  auto options = this->options();
  options.retry_min = 20ms;
  options.retry_max = 50ms;
  connect(options);
  ASSERT_TRUE(loop_.run_until([this] { return server_->accepted_at().size() >= 5; }));
  const auto& at = server_->accepted_at();
  EXPECT_GE(at[1] - at[0], 19ms);
  EXPECT_GE(at[2] - at[1], 39ms);
  EXPECT_GE(at[3] - at[2], 49ms);
  EXPECT_LT(at[4] - at[0], 5s) << "the longest pause is 50 ms";
}

TEST_F(ConnectionTest, ReconnectNowEndsALongPause) {
  auto options = this->options();
  options.retry_min = options.retry_max = 1h;
  connect(options);
  ASSERT_TRUE(loop_.run_until([this] { return connection_->trouble().has_value(); }));
  serve("+PONG\r\n");
  connection_->reconnect_now();
  EXPECT_TRUE(wait_connected());
  connection_->reconnect_now();  // without effect now
  EXPECT_TRUE(connection_->is_connected());
  EXPECT_EQ(server_->peers().size(), 1U);
}

// Lets in everybody; answers the first call of the first connection and then breaks off every connection at its first call.
TEST_F(ConnectionTest, AnAnsweredCallStartsTheBackOffOverButALoginDoesNot) {
  int answers = 1;
  serve_with([&answers](FakeServer::Peer& peer, const std::string&) { answers-- > 0 ? peer.send_and_close("+PONG\r\n") : peer.close(); });
  auto options = this->options();
  options.retry_min = 50ms;
  options.retry_max = 1h;
  connect(options);
  connection_->on_connection([this](bool connected) {
    if (connected) call({"PING"});
  });
  ASSERT_TRUE(loop_.run_until([this] { return server_->accepted_at().size() >= 5; }));
  const auto& at = server_->accepted_at();
  EXPECT_GE(at[2] - at[1], 99ms);
  EXPECT_GE(at[3] - at[2], 199ms);
  EXPECT_GE(at[4] - at[3], 399ms);

  answers = 1;
  ASSERT_TRUE(loop_.run_until([this] { return server_->accepted_at().size() >= 7; }));
  EXPECT_LT(at[6] - at[5], 1500ms) << "100 ms, the second pause after an answer; it would have been 1600 ms";
}

// --- login

TEST_F(ConnectionTest, AWrongPasswordIsRefusedWithTheWayOut) {
  serve_with({}, "-WRONGPASS invalid username-password pair or user is disabled.\r\n");
  connect();
  ASSERT_TRUE(loop_.run_until([this] { return server_->peers().size() >= 3; })) << "tried again, with pauses";
  EXPECT_FALSE(connection_->is_connected());
  EXPECT_TRUE(changes_.empty());
  EXPECT_EQ(connection_->trouble()->kind, ErrorKind::kRefused);
  EXPECT_THAT(connection_->trouble()->detail, HasSubstr("ACL file"));
  EXPECT_THAT(to_string(*connection_->trouble()), testing::Not(HasSubstr("secret")));
}

TEST_F(ConnectionTest, WithoutLoginAnyAnswerButNoauthWillDo) {
  auto options = this->options();
  options.login.reset();
  serve_with({}, "-LOADING Valkey is loading the dataset in memory\r\n");
  connect(options);
  EXPECT_TRUE(wait_connected());
  EXPECT_EQ(server_->peers().at(0)->received(), "*1\r\n$4\r\nPING\r\n");

  server_.reset();
  std::filesystem::remove(path_);
  serve_with({}, "-NOAUTH Authentication required.\r\n");
  connect(options);
  ASSERT_TRUE(loop_.run_until([this] { return connection_->trouble() && connection_->trouble()->kind == ErrorKind::kRefused; }));
  EXPECT_FALSE(connection_->is_connected());
}

TEST_F(ConnectionTest, ASilentLoginEndsByItself) {
  serve_with({}, "");
  auto options = this->options();
  options.call_timeout = 30ms;
  connect(options);
  ASSERT_TRUE(loop_.run_until([this] { return server_->peers().size() >= 2; }));
  EXPECT_EQ(connection_->trouble()->kind, ErrorKind::kUnavailable);
  EXPECT_THAT(connection_->trouble()->detail, HasSubstr("no reply within 30 ms"));
  EXPECT_TRUE(changes_.empty());
}

// --- bad replies: the oldest call is told why, the others that nobody knows

struct BadReply {
  const char* says;
  std::string answer;
  std::string reason;
};

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

class BadReplyTest : public ConnectionTest, public testing::WithParamInterface<BadReply> {};

TEST_P(BadReplyTest, EndsTheConnection) {
  serve(GetParam().answer);
  ask(2);
  EXPECT_THAT(kinds(), ElementsAre(ErrorKind::kInvalid, ErrorKind::kUnknownOutcome));
  EXPECT_THAT(results_[0].error().detail, HasSubstr(GetParam().reason));
  EXPECT_THAT(changes_, ElementsAre(true, false));
  EXPECT_TRUE(wait_connected()) << "it comes back";
}

INSTANTIATE_TEST_SUITE_P(
    All, BadReplyTest,
    testing::Values(BadReply{"Garbage", "HTTP/1.1 400 Bad Request\r\n\r\n", "got \"H\" as reply type byte"},
                    BadReply{"Binary", "\xff\xfe\x01\x02", "as reply type byte"}, BadReply{"BadInteger", ":12x\r\n", "Bad integer value"},
                    BadReply{"BadLength", "$x\r\n", "Bad bulk string length"},
                    BadReply{"NegativeLength", "$-2\r\n", "Bulk string length out of range"},
                    BadReply{"NegativeArray", "*-2\r\n", "Multi-bulk length out of range"},
                    BadReply{"HugeArray", "*4294967296\r\n", "Multi-bulk length out of range"},
                    BadReply{"TooDeep", repeated("*1\r\n", 9) + ":1\r\n", "depth > 7"},
                    BadReply{"LongText", "$10485760\r\n" + std::string(10485760, 'x') + "\r\n", "longer than 8 MiB"},
                    BadReply{"LongInPieces", "*11\r\n" + repeated("$1048576\r\n" + std::string(1048576, 'x') + "\r\n", 11),
                             "longer than 8 MiB"},
                    BadReply{"TooManyItems", "*300000\r\n" + repeated(":1\r\n", 300'000), "more than 262144 items"},
                    BadReply{"EndlessLine", "+" + std::string(200'000, 'x'), "line of a reply is longer than 64 KiB"},
                    BadReply{"EndlessLength", "$" + std::string(200'000, '1'), "line of a reply is longer than 64 KiB"}),
    [](const auto& info) { return info.param.says; });

TEST_F(ConnectionTest, AReplyThatNobodyAskedForEndsTheConnection) {
  serve("+OK\r\n+OK\r\n");
  ask();
  EXPECT_EQ(results_[0]->text, "OK");
  ASSERT_TRUE(loop_.run_until([this] { return changes_.size() >= 2; }));
  EXPECT_EQ(connection_->trouble()->kind, ErrorKind::kInvalid);
  EXPECT_THAT(connection_->trouble()->detail, HasSubstr("nobody had asked for"));
}

TEST_F(ConnectionTest, AnErrorThatNobodyAskedForEndsTheConnection) {
  serve("+OK\r\n-ERR max number of clients reached\r\n");
  ask();
  ASSERT_TRUE(loop_.run_until([this] { return changes_.size() >= 2; }));
  EXPECT_EQ(connection_->trouble()->kind, ErrorKind::kInvalid);
}

TEST_F(ConnectionTest, HalfAReplyLeavesTheOutcomeUnknown) {
  for (const std::string half : {"", "+O", "$100\r\nabc", "*2\r\n+OK\r\n", "*2\r\n$3\r\nab"}) {
    server_.reset();
    std::filesystem::remove(path_);
    results_.clear();
    serve_with([half](FakeServer::Peer& peer, const std::string&) { half.empty() ? peer.close() : peer.send_and_close(half); });
    ask(2);
    EXPECT_THAT(kinds(), ElementsAre(ErrorKind::kUnknownOutcome, ErrorKind::kUnknownOutcome)) << half;
  }
}

TEST_F(ConnectionTest, JustUnderTheBoundsIsFine) {
  const std::string text(8'000'000, 'x');
  serve("$8000000\r\n" + text + "\r\n");
  ask();
  ASSERT_TRUE(results_[0]) << to_string(results_[0].error());
  EXPECT_EQ(results_[0]->text, text);
  // The next reply has the bounds to itself.
  call({"PING"});
  ASSERT_TRUE(wait_results(2));
  EXPECT_TRUE(results_[1]);
}

// --- calls

TEST_F(ConnectionTest, SilenceFailsEveryPendingCallAndReconnects) {
  serve_with([](FakeServer::Peer&, const std::string&) {});
  auto options = this->options();
  options.call_timeout = 50ms;
  connect(options);
  ASSERT_TRUE(wait_connected());
  for (int i = 0; i < 3; ++i) call({"SET", "k", "v"});
  ASSERT_TRUE(wait_results(3));
  EXPECT_THAT(kinds(), testing::Each(ErrorKind::kUnknownOutcome));
  EXPECT_THAT(results_[0].error().detail, HasSubstr("no reply within 50 ms"));
  EXPECT_THAT(changes_, ElementsAre(true, false));
  EXPECT_TRUE(wait_connected());
}

TEST_F(ConnectionTest, EachCallHasItsOwnTime) {
  // Answers every call 30 ms late. Together they take longer than one may.
  serve_with([this](FakeServer::Peer& peer, const std::string&) { late_ = scheduler_.after(30ms, [&peer] { peer.send("+OK\r\n"); }); });
  auto options = this->options();
  options.call_timeout = 2s;
  connect(options);
  ASSERT_TRUE(wait_connected());
  for (std::size_t i = 0; i < 80; ++i) {
    call({"PING"});
    ASSERT_TRUE(wait_results(i + 1));
    ASSERT_TRUE(results_.back());
  }
  EXPECT_THAT(changes_, ElementsAre(true));
}

TEST_F(ConnectionTest, PendingCallsAreBounded) {
  serve_with([](FakeServer::Peer&, const std::string&) {});
  connect();
  ASSERT_TRUE(wait_connected());
  for (std::size_t i = 0; i < Connection::kPendingMax + 1; ++i) call({"PING"});
  ASSERT_TRUE(wait_results(1));
  EXPECT_EQ(results_[0].error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(results_[0].error().detail, HasSubstr("1024 calls are pending"));
  server_->peers().at(0)->close();
  ASSERT_TRUE(wait_results(Connection::kPendingMax + 1));
  EXPECT_EQ(results_.back().error().kind, ErrorKind::kUnknownOutcome);
}

TEST_F(ConnectionTest, CommandsThatChangeTheConnectionAreRefused) {
  serve("+OK\r\n");
  connect();
  ASSERT_TRUE(wait_connected());
  const std::vector<std::vector<std::string>> calls{{},
                                                    {""},
                                                    {"subscribe", "c"},
                                                    {"PSubscribe", "c"},
                                                    {"ssubscribe", "c"},
                                                    {"UNSUBSCRIBE"},
                                                    {"monitor"},
                                                    {"PMONITOR"},
                                                    {"HELLO", "3"},
                                                    {"RESET"},
                                                    {"SYNC"},
                                                    {"psync", "?", "-1"}};
  for (const auto& arguments : calls) call(arguments);
  ASSERT_TRUE(wait_results(calls.size()));
  EXPECT_THAT(kinds(), testing::Each(ErrorKind::kRefused));
  EXPECT_TRUE(connection_->is_connected());
}

TEST_F(ConnectionTest, ArgumentsMayHoldAnyByte) {
  serve("+OK\r\n");
  connect();
  ASSERT_TRUE(wait_connected());
  call({"SET", "a\0\r\n"s, ""});
  ASSERT_TRUE(wait_results(1));
  EXPECT_THAT(server_->peers().at(0)->received(), testing::EndsWith("*3\r\n$3\r\nSET\r\n$4\r\na\0\r\n\r\n$0\r\n\r\n"s));
}

// --- end of life

TEST_F(ConnectionTest, NothingIsCalledAfterDestruction) {
  serve_with([](FakeServer::Peer&, const std::string&) {});
  connect();
  ASSERT_TRUE(wait_connected());
  call({"PING"});
  call({"MONITOR"});  // its refusal is on the way
  connection_.reset();
  server_->peers().at(0)->send("+PONG\r\n");
  loop_.run_ready();
  EXPECT_TRUE(results_.empty());
  EXPECT_THAT(changes_, ElementsAre(true));
}

TEST_F(ConnectionTest, MayBeDestroyedWhileConnecting) {
  serve("+OK\r\n");
  connect();
  connection_.reset();
  loop_.run_ready();
  connect();
  ASSERT_TRUE(loop_.run_until([this] { return server_->peers().size() == 1; }));
  connection_.reset();
  loop_.run_ready();
  EXPECT_TRUE(changes_.empty());
}

TEST_F(ConnectionTest, MayBeDestroyedInsideAReply) {
  serve_with([](FakeServer::Peer& peer, const std::string&) { peer.send("+1\r\n+2\r\n+3\r\n"); });
  connect();
  ASSERT_TRUE(wait_connected());
  connection_->call({"PING"}, [this](Result<Reply> result) {
    results_.push_back(std::move(result));
    connection_.reset();
  });
  call({"PING"});
  call({"PING"});
  ASSERT_TRUE(wait_results(1));
  loop_.run_ready();
  EXPECT_EQ(results_.size(), 1U);
}

TEST_F(ConnectionTest, MayBeDestroyedInsideAFailure) {
  serve("garbage");
  connect();
  ASSERT_TRUE(wait_connected());
  connection_->call({"PING"}, [this](Result<Reply> result) {
    results_.push_back(std::move(result));
    connection_.reset();
  });
  call({"PING"});
  ASSERT_TRUE(wait_results(1));
  loop_.run_ready();
  EXPECT_EQ(results_.size(), 1U);
  EXPECT_THAT(changes_, ElementsAre(true)) << "not told of the end: it is gone";
}

TEST_F(ConnectionTest, MayBeDestroyedInsideAChange) {
  serve("garbage");
  for (const bool when : {true, false}) {
    connect();
    connection_->on_connection([this, when](bool connected) {
      if (connected == when) return connection_.reset();
      connection_->call({"PING"}, [](const Result<Reply>&) {});
    });
    ASSERT_TRUE(loop_.run_until([this] { return connection_ == nullptr; }));
    loop_.run_ready();
  }
}

TEST_F(ConnectionTest, MayBeDestroyedInsideATimeout) {
  serve_with([](FakeServer::Peer&, const std::string&) {});
  auto options = this->options();
  options.call_timeout = 30ms;
  connect(options);
  ASSERT_TRUE(wait_connected());
  connection_->call({"PING"}, [this](const Result<Reply>&) { connection_.reset(); });
  ASSERT_TRUE(loop_.run_until([this] { return connection_ == nullptr; }));
  loop_.run_ready();
}

TEST_F(ConnectionTest, CallsFromInsideAFailureAreAnsweredLater) {
  serve("garbage");
  connect();
  ASSERT_TRUE(wait_connected());
  connection_->call({"PING"}, [this](Result<Reply> result) {
    results_.push_back(std::move(result));
    EXPECT_FALSE(connection_->is_connected());
    connection_->reconnect_now();
    call({"PING"});
  });
  ASSERT_TRUE(wait_results(2));
  EXPECT_THAT(kinds(), ElementsAre(ErrorKind::kInvalid, ErrorKind::kUnavailable));
  EXPECT_TRUE(wait_connected());
}

TEST_F(ConnectionTest, TheLoopMayEndFirstIfTheConnectionIsGone) {
  serve_with([](FakeServer::Peer&, const std::string&) {});
  auto inner = std::make_unique<boost::asio::io_context>();
  auto connection = std::make_unique<Connection>(*inner, options());
  inner->run_one_for(100ms);
  connection.reset();  // its aborted waits are still queued
  inner.reset();
}

}  // namespace
}  // namespace shardkeeper::valkey
