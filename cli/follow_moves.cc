#include "cli/follow_moves.h"

#include "cli/render/findings.h"
#include "cli/render/live_text.h"
#include "cli/render/text.h"

#include <algorithm>

namespace shardkeeper::cli {
namespace {

using admin::v1::ClusterStatus;

constexpr int kPercentPerLine = 5;

bool is_all_done(const ClusterStatus& cluster, const Followed& followed) {
  if (followed.shards && cluster.shards_wanted() != *followed.shards) return false;
  // A shard that leaves is shown until its pods are gone.
  return cluster.migration().slots_left() == 0 && cluster.migration().jobs().empty() && cluster.shards_size() == cluster.shards_wanted();
}

// What stands in the way is worth a look; what is as it should be is not.
render::Findings troubles_of(const ClusterStatus& cluster) {
  render::Findings troubles;
  for (const auto& finding : cluster.findings())
    if (finding.family() != "healthy" && finding.family() != "waiting") *troubles.Add() = finding;
  return troubles;
}

class Follower {
 public:
  Follower(const Followed& followed, const Output& output) : followed_(followed), output_(output), tracker_(followed.expected) {}
  ~Follower() {
    if (is_live_) output_.out << render::LiveText::end() << std::flush;
  }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  AdminApi::Watching show(const admin::v1::Status& status) {
    const auto cluster = std::ranges::find_if(status.clusters(), [&](const auto& one) { return one.name() == followed_.cluster; });
    if (cluster == status.clusters().end()) return AdminApi::Watching::kStop;
    is_done_ = is_all_done(*cluster, followed_);
    // The coordinator has not read the new number yet.
    const bool is_of_old = followed_.shards && cluster->shards_wanted() != *followed_.shards;
    if (!is_of_old && output_.format == Format::kText) show_text(*cluster);
    output_.out.flush();
    return is_done_ || !output_.out.good() ? AdminApi::Watching::kStop : AdminApi::Watching::kContinue;
  }

  bool is_done() const { return is_done_; }

 private:
  void show_text(const ClusterStatus& cluster) {
    const render::Terminal terminal = output_.terminal();
    const auto progress = tracker_.observe(cluster.migration(), terminal.look.now_unix_ms);
    if (terminal.is_terminal)
      draw_in_place(cluster, progress, terminal);
    else
      write_lines(cluster, progress, terminal.look);
  }

  void draw_in_place(const ClusterStatus& cluster, const render::MoveProgress& progress, const render::Terminal& terminal) {
    is_live_ = true;
    std::string text = "\n" + render::draw_bar(progress, terminal.look);
    render::Sentences sentences;
    for (auto& sentence : render::move_sentences(cluster.migration())) *sentences.Add() = std::move(sentence);
    for (const auto& operation : cluster.operations()) *sentences.Add() = operation;
    if (!sentences.empty()) text += "\n" + render::draw_operations(sentences, terminal.look);
    if (const auto troubles = troubles_of(cluster); !troubles.empty()) text += "\n" + render::draw_findings(troubles, terminal.look);
    if (!is_done_) text += "\nCtrl-C ends this view; the coordinator goes on.\n";
    output_.out << live_.redraw(text, terminal.height);
  }

  void write_lines(const ClusterStatus& cluster, const render::MoveProgress& progress, const render::Look& look) {
    const int step = progress.percent() / kPercentPerLine;
    if (step != last_step_) output_.out << render::draw_numbers(progress, look) << '\n';
    last_step_ = step;
    const auto troubles = troubles_of(cluster);
    std::string names;
    for (const auto& finding : troubles) names += finding.reason() + finding.subject() + "\n";
    if (names != last_troubles_ && !names.empty()) output_.out << render::draw_findings(troubles, look);
    last_troubles_ = std::move(names);
  }

  const Followed& followed_;
  const Output& output_;
  MoveTracker tracker_;
  render::LiveText live_;
  bool is_live_ = false;
  bool is_done_ = false;
  int last_step_ = -1;
  std::string last_troubles_;
};

}  // namespace

ExitCode follow_moves(const Followed& followed, AdminApi& api, const Output& output) {
  Result<void> ended;
  bool is_done = false;
  {
    Follower follower(followed, output);
    ended = api.watch(followed.cluster, [&](const admin::v1::Status& status) { return follower.show(status); });
    is_done = follower.is_done();
  }
  if (!ended) return output.fail(ended.error());
  if (output.format != Format::kText) return ExitCode::kOk;
  const std::string name = render::printable(followed.cluster);
  output.out << (is_done ? name + ": all slots are where they belong"
                         : name + ": not finished; the coordinator goes on. See: shardkeeper status " + name + " --watch")
             << std::endl;
  return ExitCode::kOk;
}

}  // namespace shardkeeper::cli
