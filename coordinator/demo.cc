#include "coordinator/demo.h"

#include "cli/render/live_text.h"
#include "cli/render/terminal.h"
#include "cli/render/tree.h"
#include "common/log/log.h"
#include "coordinator/coordinator.h"
#include "coordinator/demo_keys.h"

#include <boost/asio/signal_set.hpp>

#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace shardkeeper::coordinator {
namespace {

constexpr Duration kReadyWithin = std::chrono::seconds(60);
constexpr Duration kRedraw = std::chrono::milliseconds(200);

// Removed with everything in it at the end, whatever the end is.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "shardkeeper-demo-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class Demo {
 public:
  Demo(boost::asio::io_context& loop, DemoOptions options, const std::filesystem::path& folder)
      : loop_(loop),
        scheduler_(loop),
        once_(options.once),
        signals_(loop, SIGINT, SIGTERM, SIGHUP),
        terminal_(cli::render::terminal_behind(STDOUT_FILENO)),
        coordinator_(loop, with_manifest(std::move(options.base), folder), [this](const Error& error) { fail(to_string(error)); }) {}

  int run() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) end();
    });
    coordinator_.start();
    deadline_ = scheduler_.after(kReadyWithin, [this] { too_late(); });
    look();
    loop_.run();
    return exit_code_;
  }

 private:
  static Options with_manifest(Options options, const std::filesystem::path& folder) {
    options.local.state_folder = folder;
    const auto file = folder / "demo.yaml";
    std::ofstream(file)
        << "apiVersion: shardkeeper.io/v1alpha1\nkind: ValkeyCluster\nmetadata: {name: demo}\nspec: {image: \"localhost/valkey:"
        << options.local.servers.begin()->first << "\", shards: 3, replicasPerShard: 1}\n";
    options.cluster_files = {file.string()};
    return options;
  }

  // On a terminal the picture is drawn over the last one.
  void look() {
    const auto status = coordinator_.status();
    const bool ready = status.clusters_size() == 1 && status.clusters(0).ready();
    if (!once_) draw(status);
    if (ready && !was_ready_) {
      was_ready_ = true;
      deadline_.reset();
      if (once_) finish_once(status);
    }
    if (!ending_) timer_ = scheduler_.after(kRedraw, [this] { look(); });
  }

  void draw(const admin::v1::Status& status) {
    std::string picture = cli::render::draw_status(status, terminal_.look);
    if (picture == last_picture_) return;
    if (terminal_.is_terminal)
      std::printf("%s", live_.redraw(picture + "\nCtrl-C stops everything.\n", terminal_.height).c_str());
    else
      std::printf("%s\n", picture.c_str());
    std::fflush(stdout);
    last_picture_ = std::move(picture);
  }

  void finish_once(const admin::v1::Status& status) {
    std::printf("%s", cli::render::draw_status(status, terminal_.look).c_str());
    keys_ = std::make_unique<DemoKeys>(loop_, status.clusters(0), [this](Result<std::string> outcome) {
      if (!outcome) {
        fail(to_string(outcome.error()));
        return;
      }
      std::printf("%s\n", outcome->c_str());
      end();
    });
  }

  void too_late() {
    const auto status = coordinator_.status();
    std::printf("%s", cli::render::draw_status(status, terminal_.look).c_str());
    fail("not Ready after 60 s: " +
         (status.clusters_size() == 1 ? status.clusters(0).reason() + ": " + status.clusters(0).message() : std::string("no cluster")));
  }

  void fail(const std::string& text) {
    std::fprintf(stderr, "demo: %s\n", text.c_str());
    exit_code_ = 1;
    end();
  }

  void end() {
    if (ending_) return;
    ending_ = true;
    scheduler_.post([this] {
      timer_.reset();
      deadline_.reset();
      keys_.reset();
      signals_.cancel();
      if (terminal_.is_terminal) std::printf("%s\nstopping …\n", std::string(cli::render::LiveText::end()).c_str());
      std::fflush(stdout);
      coordinator_.stop([this] { loop_.stop(); });
    });
  }

  boost::asio::io_context& loop_;
  AsioScheduler scheduler_;
  bool once_;
  boost::asio::signal_set signals_;
  cli::render::Terminal terminal_;
  cli::render::LiveText live_;
  std::string last_picture_;
  bool was_ready_ = false;
  bool ending_ = false;
  int exit_code_ = 0;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Timer> deadline_;
  std::unique_ptr<DemoKeys> keys_;
  Coordinator coordinator_;
};

}  // namespace

int run_demo(DemoOptions options) {
  const ScratchFolder folder;
  if (folder.path().empty()) {
    std::fprintf(stderr, "demo: no folder can be made in %s\n", std::filesystem::temp_directory_path().c_str());
    return 1;
  }
  boost::asio::io_context loop(1);
  Demo demo(loop, std::move(options), folder.path());
  return demo.run();
}

}  // namespace shardkeeper::coordinator
