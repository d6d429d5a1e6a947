// The admin service over a real unix socket: client on a thread of its own, server on the loop.
#include "common/rpc/admin_client.h"
#include "common/rpc/admin_server.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/rpc/test_loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <map>
#include <optional>
#include <thread>

namespace shardkeeper::rpc::test {
namespace {

namespace pb = shardkeeper::admin::v1;
using std::chrono::milliseconds;

// Knows one cluster and one worker.
class RecordingCoordinator final : public AdminHandler {
 public:
  void status(const std::string& cluster, Done<pb::Status> done) override {
    if (!answers) return held.push_back(std::move(done));
    if (!cluster.empty() && cluster != "cache") return done(not_found("cluster " + cluster, "there is no such cluster"));
    done(current);
  }
  void events(const pb::EventsRequest& request, Done<pb::Events> done) override {
    pb::Events events;
    events.add_events()->set_message(request.cluster() + " " + std::to_string(request.limit()));
    done(events);
  }
  void workers(Done<pb::Workers> done) override {
    pb::Workers workers;
    workers.add_workers()->set_name("w1");
    done(workers);
  }
  void cordon(const std::string& worker, Done<void> done) override { act("cordon " + worker, done); }
  void uncordon(const std::string& worker, Done<void> done) override { act("uncordon " + worker, done); }
  void lose(const pb::LoseWorkerRequest& request, Done<void> done) override {
    act("lose " + request.worker() + " " + std::to_string(request.mode()), done);
  }
  void confirm_lost(const std::string& worker, Done<void> done) override { act("confirm " + worker, done); }
  void accept_stale(const std::string& pod, Done<void> done) override { act("accept-stale " + pod, done); }
  void plan_scale(const pb::ScaleRequest& request, Done<pb::ScalePlan> done) override {
    pb::ScalePlan plan;
    plan.set_cluster(request.cluster());
    plan.set_shards_then(request.shards());
    done(plan);
  }
  void scale(const pb::ScaleRequest& request, Done<pb::Scaled> done) override {
    actions.push_back("scale " + request.cluster() + " " + std::to_string(request.shards()));
    if (!action_result) return done(action_result.error());
    pb::Scaled scaled;
    scaled.set_file("c.yaml");
    done(scaled);
  }
  pb::Version version() override {
    pb::Version version;
    version.set_version("0.1.0");
    return version;
  }
  void watch_opened(std::uint64_t stream, const std::string&, Push push) override {
    push(current);
    pushes[stream] = std::move(push);
  }
  void watch_closed(std::uint64_t stream) override {
    pushes.erase(stream);
    ++closed;
  }

  void show(const std::string& message) {
    current.set_coordinator_version(message);
    for (const auto& [stream, push] : pushes) push(current);
  }

  pb::Status current;
  bool answers = true;
  std::vector<Done<pb::Status>> held;
  Result<void> action_result;
  std::vector<std::string> actions;
  std::map<std::uint64_t, Push> pushes;
  int closed = 0;

 private:
  void act(const std::string& what, const Done<void>& done) {
    actions.push_back(what);
    done(action_result);
  }
};

class Admin : public ::testing::Test {
 protected:
  void start() {
    auto started = AdminServer::start(socket_, loop_.scheduler(), coordinator_);
    ASSERT_TRUE(started) << to_string(started.error());
    server_ = std::move(*started);
  }

  // What the client's thread returns, while the loop turns here.
  template <typename Call>
  auto ask(Call call) -> decltype(call()) {
    std::atomic<bool> ended = false;
    std::optional<decltype(call())> result;
    std::jthread caller([&] {
      result.emplace(call());
      ended = true;
    });
    EXPECT_TRUE(loop_.run_until([&] { return ended.load(); }));
    caller.join();
    return *result;
  }

  shardkeeper::test::TempDir folder_;
  std::filesystem::path socket_ = folder_ / "admin.sock";
  TestLoop loop_;
  RecordingCoordinator coordinator_;
  std::unique_ptr<AdminServer> server_;
  AdminClient client_{socket_};
};

TEST_F(Admin, AnswersWhatTheCliAsks) {
  start();
  coordinator_.current.add_clusters()->set_name("cache");
  EXPECT_EQ(ask([&] { return client_.status(""); }).value().clusters(0).name(), "cache");
  EXPECT_EQ(ask([&] { return client_.events("cache", 7); }).value().events(0).message(), "cache 7");
  EXPECT_EQ(ask([&] { return client_.workers(); }).value().workers(0).name(), "w1");
  EXPECT_EQ(ask([&] { return client_.version(); }).value().version(), "0.1.0");
  EXPECT_TRUE(ask([&] { return client_.cordon("w1"); }));
  EXPECT_TRUE(ask([&] { return client_.uncordon("w1"); }));
  EXPECT_TRUE(ask([&] { return client_.lose("w1", pb::LoseWorkerRequest::STOP); }));
  EXPECT_TRUE(ask([&] { return client_.confirm_lost("w1"); }));
  EXPECT_TRUE(ask([&] { return client_.accept_stale("cache-a"); }));
  EXPECT_EQ(coordinator_.actions,
            (std::vector<std::string>{"cordon w1", "uncordon w1", "lose w1 1", "confirm w1", "accept-stale cache-a"}));
}

TEST_F(Admin, PlansAndScales) {
  start();
  EXPECT_EQ(ask([&] { return client_.plan_scale("cache", 4); }).value().shards_then(), 4);
  EXPECT_EQ(ask([&] { return client_.scale("cache", 5); }).value().file(), "c.yaml");
  coordinator_.action_result = refused("c.yaml", "is read-only");
  EXPECT_EQ(ask([&] { return client_.scale("cache", 6); }).error(), refused("coordinator: c.yaml", "is read-only"));
  EXPECT_EQ(coordinator_.actions, (std::vector<std::string>{"scale cache 5", "scale cache 6"}));
}

TEST_F(Admin, BringsErrorsBackInTheCoordinatorsWords) {
  start();
  EXPECT_EQ(ask([&] { return client_.status("nope"); }).error(), not_found("coordinator: cluster nope", "there is no such cluster"));
  coordinator_.action_result = refused("worker w1", "is the last one");
  EXPECT_EQ(ask([&] { return client_.cordon("w1"); }).error(), refused("coordinator: worker w1", "is the last one"));
}

TEST_F(Admin, TextsThatAreNoTextsDoNotHideTheStatus) {
  start();
  coordinator_.current.add_clusters()->add_findings()->set_detail("server said \xff\xfe");
  EXPECT_EQ(ask([&] { return client_.status(""); }).value().clusters(0).findings(0).detail(), "server said ??");
}

TEST_F(Admin, NobodyElseMayOpenTheSocket) {
  start();
  struct stat info {};
  ASSERT_EQ(::stat(socket_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(socket_));
}

TEST_F(Admin, SaysThatNoCoordinatorListens) {
  const auto missing = client_.status("");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(to_string(missing.error()), socket_.string() +
                                            ": no coordinator listens on it; start one with shardkeeper-coordinator, or name its socket "
                                            "in SHARDKEEPER_SOCKET");
  shardkeeper::test::write_file(socket_, "no socket");
  const auto file = client_.status("");
  ASSERT_FALSE(file);
  EXPECT_TRUE(file.error().detail.starts_with("no coordinator listens on it (Connection refused); start one")) << file.error().detail;
}

// A socket as a killed coordinator leaves it, or with a listener that accepts but never speaks.
class RawSocket {
 public:
  explicit RawSocket(const std::filesystem::path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd_, 8), 0);
  }
  ~RawSocket() { ::close(fd_); }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

 private:
  int fd_;
};

TEST_F(Admin, ADeadCoordinatorsSocketIsReplaced) {
  { const RawSocket dead(socket_); }
  ASSERT_TRUE(std::filesystem::exists(socket_));
  start();
  EXPECT_TRUE(ask([&] { return client_.version(); }));
}

TEST_F(Admin, ALivingCoordinatorsSocketIsLeftAlone) {
  start();
  RecordingCoordinator other;
  const auto second = AdminServer::start(socket_, loop_.scheduler(), other);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kConflict);
  EXPECT_TRUE(ask([&] { return client_.version(); }));
}

TEST_F(Admin, PathsThatCannotBeSocketsAreNamed) {
  const auto kind_of = [&](const std::filesystem::path& path) {
    return AdminServer::start(path, loop_.scheduler(), coordinator_).error().kind;
  };
  EXPECT_EQ(kind_of(folder_ / std::string(120, 'x')), ErrorKind::kInvalid);
  EXPECT_EQ(kind_of(folder_ / "missing/admin.sock"), ErrorKind::kUnavailable);
  shardkeeper::test::write_file(folder_ / "file", "precious");
  EXPECT_EQ(kind_of(folder_ / "file"), ErrorKind::kInvalid);
  EXPECT_EQ(shardkeeper::test::read_file(folder_ / "file"), "precious");
  EXPECT_EQ(AdminClient(folder_ / std::string(120, 'x')).version().error().kind, ErrorKind::kInvalid);
}

TEST_F(Admin, ACoordinatorThatDoesNotAnswerIsNotWaitedForLong) {
  const RawSocket silent(socket_);
  AdminClient hasty(socket_, milliseconds(100));
  EXPECT_EQ(hasty.status("").error().kind, ErrorKind::kUnknownOutcome);
  EXPECT_FALSE(hasty.watch("", [](const pb::Status&) { return AdminClient::Watching::kContinue; }));
}

TEST_F(Admin, AnAnswerThatIsLateIsDropped) {
  start();
  coordinator_.answers = false;
  AdminClient hasty(socket_, milliseconds(100));
  EXPECT_EQ(ask([&] { return hasty.status(""); }).error().kind, ErrorKind::kUnknownOutcome);
  for (const auto& done : coordinator_.held) done(coordinator_.current);
}

TEST_F(Admin, ACoordinatorThatEndsSaysSo) {
  start();
  coordinator_.answers = false;
  std::atomic<bool> ended = false;
  Result<pb::Status> result = invalid("", "");
  std::jthread caller([&] {
    result = client_.status("");
    ended = true;
  });
  ASSERT_TRUE(loop_.run_until([&] { return !coordinator_.held.empty(); }));
  server_.reset();
  ASSERT_TRUE(loop_.run_until([&] { return ended.load(); }));
  EXPECT_EQ(result.error(), unavailable("coordinator", "is shutting down"));
  for (const auto& done : coordinator_.held) done(coordinator_.current);
}

class AdminWatch : public Admin {
 protected:
  // Watches on a thread of its own until a status says "enough".
  void watch() {
    watcher_ = std::jthread([this] {
      result_ = client_.watch("", [this](const pb::Status& status) {
        ++seen_;
        newest_ = std::stoi("0" + status.coordinator_version());
        return status.coordinator_version() == "99999" ? AdminClient::Watching::kStop : AdminClient::Watching::kContinue;
      });
      ended_ = true;
    });
    ASSERT_TRUE(loop_.run_until([&] { return seen_ > 0; }));
  }
  void TearDown() override {
    client_.cancel_watch();
    EXPECT_TRUE(loop_.run_until([&] { return ended_.load(); }));
  }

  std::atomic<int> seen_ = 0;
  std::atomic<int> newest_ = 0;
  std::atomic<bool> ended_ = false;
  Result<void> result_;
  std::jthread watcher_;
};

TEST_F(AdminWatch, ShowsChangesUntilTheCliHasSeenEnough) {
  start();
  watch();
  coordinator_.show("5");
  ASSERT_TRUE(loop_.run_until([&] { return newest_ == 5; }));
  coordinator_.show("99999");
  ASSERT_TRUE(loop_.run_until([&] { return ended_.load(); }));
  EXPECT_TRUE(result_);
  EXPECT_TRUE(loop_.run_until([&] { return coordinator_.closed == 1; }));
}

TEST_F(AdminWatch, SkipsToTheNewest) {
  start();
  watch();
  for (int i = 1; i <= 2000; ++i) coordinator_.show(std::to_string(i));
  ASSERT_TRUE(loop_.run_until([&] { return newest_ == 2000; }));
  EXPECT_LT(seen_, 20);
}

TEST_F(AdminWatch, IsCancelledFromAnotherThread) {
  start();
  watch();
  client_.cancel_watch();
  ASSERT_TRUE(loop_.run_until([&] { return ended_.load(); }));
  EXPECT_TRUE(result_);
}

TEST_F(AdminWatch, EndsWithTheCoordinator) {
  start();
  watch();
  const auto pushes = coordinator_.pushes;
  server_.reset();
  for (const auto& [stream, push] : pushes) push(coordinator_.current);  // late: nothing may happen
  ASSERT_TRUE(loop_.run_until([&] { return ended_.load(); }));
  EXPECT_EQ(result_.error(), unavailable("coordinator", "is shutting down"));
}

}  // namespace
}  // namespace shardkeeper::rpc::test
