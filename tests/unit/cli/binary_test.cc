// The built program against a real admin socket: exit codes, streams, terminals, Ctrl-C.
#include "cli/render/tree.h"
#include "common/rpc/admin_server.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/cli/worlds.h"
#include "tests/unit/rpc/test_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <map>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

namespace shardkeeper::cli {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// Knows the cluster "cache" and the worker "worker-1".
class PlayedCoordinator final : public rpc::AdminHandler {
 public:
  void status(const std::string& cluster, Done<admin::v1::Status> done) override {
    if (hang) return waiting.push_back(std::move(done));
    if (cluster.empty() || cluster == "cache") return done(now);
    done(not_found("cluster " + cluster, "is not known"));
  }
  void events(const admin::v1::EventsRequest&, Done<admin::v1::Events> done) override { done(cli::events()); }
  void workers(Done<admin::v1::Workers> done) override { done(cli::workers()); }
  void cordon(const std::string& worker, Done<void> done) override { act(worker, std::move(done)); }
  void uncordon(const std::string& worker, Done<void> done) override { act(worker, std::move(done)); }
  void lose(const admin::v1::LoseWorkerRequest& request, Done<void> done) override { act(request.worker(), std::move(done)); }
  void confirm_lost(const std::string& worker, Done<void> done) override { act(worker, std::move(done)); }
  void accept_stale(const std::string& pod, Done<void> done) override { act(pod, std::move(done)); }
  void plan_scale(const admin::v1::ScaleRequest&, Done<admin::v1::ScalePlan> done) override { done(cli::scale_plan()); }
  void scale(const admin::v1::ScaleRequest& request, Done<admin::v1::Scaled> done) override {
    admin::v1::Scaled scaled;
    scaled.set_cluster(request.cluster());
    scaled.set_shards(request.shards());
    scaled.set_file("cache.yaml");
    scaled_to = request.shards();
    now = scaling();
    done(std::move(scaled));
  }
  admin::v1::Version version() override {
    admin::v1::Version version;
    version.set_version("0.1.0");
    version.set_platform("local");
    return version;
  }
  void watch_opened(std::uint64_t stream, const std::string&, Push push) override {
    push(now);
    watchers[stream] = std::move(push);
  }
  void watch_closed(std::uint64_t stream) override { watchers.erase(stream); }

  void change_to(admin::v1::Status status) {
    now = std::move(status);
    for (auto& [stream, push] : watchers) push(now);
  }

  admin::v1::Status now = healthy();
  int scaled_to = 0;
  bool hang = false;
  std::vector<Done<admin::v1::Status>> waiting;
  std::vector<Done<void>> waiting_acts;
  std::map<std::uint64_t, Push> watchers;

 private:
  void act(const std::string& worker, Done<void> done) {
    if (hang) return waiting_acts.push_back(std::move(done));
    if (worker == "worker-1") return done({});
    done(not_found("worker " + worker, "is not known; `shardkeeper worker list` shows all"));
  }
};

class Program : public testing::Test {
 protected:
  void SetUp() override { restart(); }
  void restart() {
    auto started = rpc::AdminServer::start(socket(), loop_.scheduler(), coordinator_);
    ASSERT_TRUE(started.has_value()) << to_string(started.error());
    server_ = std::move(*started);
  }

  std::filesystem::path socket() const { return folder_ / "admin.sock"; }

  test::ChildOptions options(std::vector<std::string> arguments) const {
    return {.program = SK_CLI,
            .arguments = std::move(arguments),
            .environment = {"SHARDKEEPER_SOCKET=" + socket().string(), "LC_ALL=C.UTF-8", "TERM=xterm", "NO_COLOR=", "COLUMNS="},
            .output = folder_ / "err",
            .standard_output = folder_ / "out"};
  }

  // Runs to the end. RETURNS the exit code, or -1.
  int run(std::vector<std::string> arguments) { return finish(test::ChildProcess(options(std::move(arguments)))); }
  int finish(test::ChildProcess child) {
    if (!loop_.run_until([&] { return !child.is_running(); })) return -1;
    const auto ended = child.wait(0ms);
    return ended && ended->signal == 0 ? ended->code : -1;
  }
  std::string out() const { return test::read_file(folder_ / "out"); }
  std::string err() const { return test::read_file(folder_ / "err"); }

  test::TempDir folder_;
  rpc::test::TestLoop loop_;
  PlayedCoordinator coordinator_;
  std::unique_ptr<rpc::AdminServer> server_;
};

TEST_F(Program, DrawsTheTreeWithoutColoursIntoAFile) {
  EXPECT_EQ(run({"status", "cache"}), 0) << err();
  EXPECT_EQ(out(), render::draw_status(healthy(), {.symbols = render::Symbols::kUtf8}));
}

TEST_F(Program, ExitsWith1WhenTheCoordinatorRefuses) {
  EXPECT_EQ(run({"status", "nothing"}), 1);
  EXPECT_THAT(err(), HasSubstr("is not known"));
  EXPECT_EQ(run({"worker", "cordon", "worker-9"}), 1);
  EXPECT_EQ(out(), "");
}

TEST_F(Program, ExitsWith1WhenNoAnswerComesInTime) {
  coordinator_.hang = true;
  EXPECT_EQ(run({"worker", "cordon", "worker-1", "--timeout", "0.2"}), 1);
  EXPECT_EQ(run({"status", "--timeout", "0.2"}), 1);
  EXPECT_THAT(err(), HasSubstr("coordinator"));
}

TEST_F(Program, ExitsWith2OnAWrongCommandLine) { EXPECT_EQ(run({"status", "-o", "xml"}), 2); }

TEST_F(Program, ExitsWith3WithoutACoordinator) {
  server_.reset();
  EXPECT_EQ(run({"status"}), 3);
  EXPECT_THAT(err(), HasSubstr("no coordinator listens"));
  EXPECT_EQ(run({"version"}), 0);
}

TEST_F(Program, ExitsWith4WhenAskedAndNotReady) {
  EXPECT_EQ(run({"status", "--exit-code"}), 0);
  coordinator_.now = being_created();
  EXPECT_EQ(run({"status", "--exit-code"}), 4);
}

TEST_F(Program, ActsOnWorkers) {
  for (const auto* action : {"cordon", "uncordon", "lose"}) EXPECT_EQ(run({"worker", action, "worker-1"}), 0) << action << ": " << err();
  EXPECT_EQ(run({"takeover", "--confirm-lost", "worker-1"}), 0);
  EXPECT_EQ(run({"worker", "list", "-o", "json"}), 0);
  EXPECT_EQ(run({"events", "-o", "yaml"}), 0);
}

TEST_F(Program, WatchEndsCleanlyWithTheSignal) {
  for (const int signal : {SIGINT, SIGTERM}) {
    test::ChildProcess child(options({"status", "--watch", "-o", "json"}));
    ASSERT_TRUE(loop_.run_until([&] { return out().ends_with('\n'); })) << err();
    const auto before = out().size();
    coordinator_.change_to(being_created());
    ASSERT_TRUE(loop_.run_until([&] { return out().size() > before && out().ends_with('\n'); })) << err();
    child.signal(signal);
    EXPECT_EQ(finish(std::move(child)), 0) << err();
    EXPECT_EQ(err(), "");
  }
}

TEST_F(Program, ScalingIsFollowedAndASignalEndsTheViewOnly) {
  EXPECT_EQ(run({"scale", "cache", "--shards", "4"}), 2) << "there is no terminal to ask at";
  EXPECT_EQ(coordinator_.scaled_to, 0);
  test::ChildProcess child(options({"scale", "cache", "--shards", "4", "--yes"}));
  ASSERT_TRUE(loop_.run_until([&] { return out().find("500 of 4,096 slots") != std::string::npos; })) << err();
  EXPECT_EQ(coordinator_.scaled_to, 4);
  child.signal(SIGINT);
  EXPECT_EQ(finish(std::move(child)), 0) << err();
  EXPECT_THAT(out(), EndsWith("cache: not finished; the coordinator goes on. See: shardkeeper status cache --watch\n"));
}

TEST_F(Program, WatchEndsWith3WhenTheCoordinatorGoes) {
  test::ChildProcess child(options({"status", "--watch"}));
  ASSERT_TRUE(loop_.run_until([&] { return !out().empty(); })) << err();
  server_.reset();
  EXPECT_EQ(finish(std::move(child)), 3) << err();
}

// A terminal of the test's own: what is written to its name can be read here.
class PseudoTerminal {
 public:
  PseudoTerminal() : master_(posix_openpt(O_RDWR | O_NOCTTY)) {
    if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0) throw std::runtime_error("no pseudo terminal");
    // Held open, so that the end of one writer is not the end of the terminal.
    slave_ = open(name().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  }
  ~PseudoTerminal() {
    close(slave_);
    close(master_);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  std::string name() const { return ptsname(master_); }
  // All that was written up to now.
  const std::string& text() {
    pollfd readable{master_, POLLIN, 0};
    std::array<char, 4096> buffer;
    while (poll(&readable, 1, 0) > 0 && (readable.revents & POLLIN) != 0)
      text_.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(0, read(master_, buffer.data(), buffer.size()))));
    return text_;
  }

 private:
  int master_;
  int slave_ = -1;
  std::string text_;
};

TEST_F(Program, WatchOnATerminalDrawsInPlaceAndGivesTheCursorBack) {
  PseudoTerminal terminal;
  auto on_terminal = options({"status", "--watch"});
  on_terminal.standard_output = terminal.name();
  test::ChildProcess child(on_terminal);
  ASSERT_TRUE(loop_.run_until([&] { return terminal.text().find("Ctrl-C ends this view.") != std::string::npos; })) << err();
  EXPECT_THAT(terminal.text(), StartsWith("\x1b[?25l"));
  EXPECT_THAT(terminal.text(), HasSubstr("\x1b[32m● Ready\x1b[0m"));
  coordinator_.change_to(being_created());
  ASSERT_TRUE(loop_.run_until([&] { return terminal.text().find("FirstSync") != std::string::npos; })) << err();
  child.signal(SIGINT);
  EXPECT_EQ(finish(std::move(child)), 0) << err();
  EXPECT_THAT(terminal.text(), EndsWith("\x1b[?25h"));
}

TEST_F(Program, NoColorIsObeyedOnATerminal) {
  PseudoTerminal terminal;
  auto on_terminal = options({"status"});
  on_terminal.standard_output = terminal.name();
  on_terminal.environment.insert(on_terminal.environment.begin(), {"NO_COLOR=1", "LC_ALL=C"});
  EXPECT_EQ(finish(test::ChildProcess(on_terminal)), 0) << err();
  EXPECT_THAT(terminal.text(), StartsWith("+ cache  Ready"));
  EXPECT_EQ(terminal.text().find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace shardkeeper::cli
