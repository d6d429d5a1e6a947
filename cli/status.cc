#include "cli/status.h"

#include "cli/render/document.h"
#include "cli/render/live_text.h"
#include "cli/render/tree.h"

#include <algorithm>

namespace shardkeeper::cli {
namespace {

using admin::v1::Status;

bool all_ready(const Status& status) {
  return status.clusters_size() > 0 && std::ranges::all_of(status.clusters(), [](const auto& cluster) { return cluster.ready(); });
}

// Writes one status after the other.
class Watcher {
 public:
  explicit Watcher(const Output& output) : output_(output) {}
  ~Watcher() {
    if (is_live_) output_.out << render::LiveText::end() << std::flush;
  }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  AdminApi::Watching show(const Status& status) {
    switch (output_.format) {
      case Format::kText: show_text(status); break;
      case Format::kJson: output_.out << render::json_line_text(render::structure_of(status)); break;
      case Format::kYaml: output_.out << render::yaml_text(render::structure_of(status)); break;
    }
    output_.out.flush();
    // Nobody reads any more: the pipe was closed.
    return output_.out.good() ? AdminApi::Watching::kContinue : AdminApi::Watching::kStop;
  }

 private:
  void show_text(const Status& status) {
    const render::Terminal terminal = output_.terminal();
    const std::string text = render::draw_status(status, terminal.look);
    if (terminal.is_terminal) {
      is_live_ = true;
      output_.out << live_.redraw(text + "\nCtrl-C ends this view.\n", terminal.height);
    } else if (text != last_) {
      output_.out << (last_.empty() ? "" : "\n") << text;
      last_ = text;
    }
  }

  const Output& output_;
  render::LiveText live_;
  bool is_live_ = false;
  std::string last_;
};

ExitCode watch(const StatusCommand& command, AdminApi& api, const Output& output) {
  Result<void> ended;
  {
    Watcher watcher(output);
    ended = api.watch(command.cluster, [&](const Status& status) { return watcher.show(status); });
  }
  return ended ? ExitCode::kOk : output.fail(ended.error());
}

}  // namespace

ExitCode run(const StatusCommand& command, AdminApi& api, const Output& output) {
  if (command.watch) return watch(command, api, output);
  const auto status = api.status(command.cluster);
  if (!status) return output.fail(status.error());
  output.write(*status, [&](const render::Look& look) { return render::draw_status(*status, look); });
  return command.exit_code && !all_ready(*status) ? ExitCode::kNotReady : ExitCode::kOk;
}

}  // namespace shardkeeper::cli
