#include "cli/render/tree.h"

#include "cli/render/findings.h"
#include "cli/render/progress.h"
#include "cli/render/table.h"
#include "cli/render/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace shardkeeper::cli::render {
namespace {

using admin::v1::ClusterStatus;
using admin::v1::PodStatus;
using admin::v1::ShardStatus;

constexpr int kSlots = 16384;

// A pod with one of these reasons will become Ready by itself; any other reason is trouble.
constexpr std::array<std::string_view, 10> kOnItsWay{"AgentSilent", "Pending",   "GateShut", "Starting",     "Loading",
                                                     "NotAMember",  "FirstSync", "NoSlots",  "NotInCluster", "Terminating"};

Standing standing_of(const PodStatus& pod) {
  if (pod.ready()) return Standing::kGood;
  // Normal for a node that is being brought in, trouble for one that has a role.
  if (pod.reason() == "ClusterStateFail" && pod.role().empty()) return Standing::kOnItsWay;
  return std::ranges::find(kOnItsWay, pod.reason()) != kOnItsWay.end() ? Standing::kOnItsWay : Standing::kBad;
}

Standing standing_of(const ClusterStatus& cluster) {
  if (cluster.ready()) return Standing::kGood;
  const bool is_unsafe = std::ranges::any_of(cluster.findings(), [](const auto& finding) { return finding.family() == "unsafe"; });
  return is_unsafe ? Standing::kBad : Standing::kOnItsWay;
}

struct Branches {
  std::string_view item, last_item, bar, blank;
};

Branches branches(const Look& look) {
  if (look.symbols == Symbols::kUtf8) return {"├─ ", "└─ ", "│  ", "   "};
  return {"|- ", "`- ", "|  ", "   "};
}

std::string plural(std::int64_t count, std::string_view noun) { return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s"); }

// "● cache  Ready" and what it is made of.
std::string heading(const ClusterStatus& cluster, const Look& look) {
  const Standing standing = standing_of(cluster);
  std::uint64_t keys = 0;
  for (const auto& shard : cluster.shards()) keys += shard.keys();

  std::string state = cluster.ready() ? "Ready" : "not Ready";
  if (!cluster.ready() && !cluster.reason().empty()) state += ": " + printable(cluster.reason());
  std::string first = toned(mark_of(standing, look), tone_of(standing), look) + " " + toned(printable(cluster.name()), Tone::kBold, look) +
                      "  " + toned(state, tone_of(standing), look);

  // The message stands beside the state where there is room, else below it.
  const int line_max = look.width == 0 ? std::numeric_limits<int>::max() : look.width - 2;
  std::string message = printable(cluster.message());
  if (const int used = width_of(printable(cluster.name())) + width_of(state) + 4; used <= line_max - width_of(message) && !message.empty())
    first += "  " + std::exchange(message, "");

  const std::string_view dot = look.symbols == Symbols::kUtf8 ? " · " : ", ";
  const auto slots = static_cast<std::uint64_t>(std::max(0, cluster.slots_served()));
  std::string second = plural(cluster.shards_wanted(), "shard") + (look.symbols == Symbols::kUtf8 ? " × " : " x ") +
                       plural(cluster.replicas_per_shard(), "replica") + std::string(dot) +
                       (slots == kSlots ? "all slots served" : fmt::format("{} of {} slots served", grouped(slots), grouped(kSlots))) +
                       std::string(dot) + grouped(keys) + (keys == 1 ? " key" : " keys");
  if (!cluster.image().empty()) second += std::string(dot) + printable(cluster.image());
  std::string text = first + "\n";
  for (const auto& part : {message, second})
    for (const auto& line : wrapped(part, line_max)) text += "  " + line + "\n";
  return text;
}

std::string slots_text(std::int32_t slots) { return slots > 0 ? grouped(static_cast<std::uint64_t>(slots)) : ""; }

class Tree {
 public:
  explicit Tree(const Look& look) : look_(look), branches_(branches(look)) {
    // The shards' lines tell the slots, so their number may go before keys and lag do.
    table_.columns = {{.title = "  SHARD / POD"},
                      {.title = "ROLE", .dropped_at = 1},
                      {.title = "WORKER", .dropped_at = 2},
                      {.title = "STATE"},
                      {.title = "SLOTS", .align = Align::kRight, .dropped_at = 5},
                      {.title = "KEYS", .align = Align::kRight, .dropped_at = 4},
                      {.title = "LAG", .align = Align::kRight, .dropped_at = 3},
                      {.title = "MEMORY", .align = Align::kRight, .dropped_at = 8},
                      {.title = "VERSION", .dropped_at = 7},
                      {.title = "ADDRESS", .dropped_at = 6}};
  }

  void shard(const ShardStatus& shard, bool is_last) {
    const bool has_slots = shard.slots() > 0;
    const Tone tone = has_slots ? Tone::kBold : Tone::kYellow;
    const std::string slots = has_slots ? "slots " + printable(shard.slot_ranges()) : "no slots";
    row(std::string(is_last ? branches_.last_item : branches_.item) + fmt::format("shard {}", shard.shard()), tone,
        {{slots, has_slots ? Tone::kDim : tone, Reach::kRow}, {}, {}, {slots_text(shard.slots()), tone}, {grouped(shard.keys()), tone}});
    const std::string before(is_last ? branches_.blank : branches_.bar);
    for (int i = 0; i < shard.pods_size(); ++i) pod(shard.pods(i), before, i + 1 == shard.pods_size(), shard.slots());
  }

  void spares(const google::protobuf::RepeatedPtrField<PodStatus>& pods) {
    row(std::string(branches_.last_item) + "not in a shard", Tone::kYellow, {});
    for (int i = 0; i < pods.size(); ++i) pod(pods[i], std::string(branches_.blank), i + 1 == pods.size(), 0);
  }

  std::string take() const { return draw(table_, look_); }

 private:
  void pod(const PodStatus& pod, const std::string& before, bool is_last, int shard_slots) {
    const Standing standing = standing_of(pod);
    const bool is_primary = pod.role() == "primary";
    // What nobody answered for would be shown as zero.
    const bool is_heard = !pod.role().empty() && pod.reason() != "Unreachable";
    const std::string state = fmt::format("{} {}", mark_of(standing, look_), pod.ready() ? "Ready" : printable(pod.reason()));
    row(before + std::string(is_last ? branches_.last_item : branches_.item) + printable(pod.name()), Tone::kPlain,
        {{printable(pod.role()), is_primary ? Tone::kBold : Tone::kPlain},
         {printable(pod.worker())},
         {state, tone_of(standing)},
         {pod.slots() != shard_slots ? slots_text(pod.slots()) : ""},
         {is_heard ? grouped(pod.keys()) : ""},
         {is_heard && !is_primary ? bytes_text(pod.lag_bytes()) : ""},
         {pod.memory_bytes() > 0 ? bytes_text(pod.memory_bytes()) : ""},
         {printable(pod.server_version())},
         {printable(pod.address()), Tone::kDim}});
    if (!pod.ready() && !pod.detail().empty())
      row(before + std::string(is_last ? branches_.blank : branches_.bar), Tone::kPlain,
          {{printable(pod.detail()), tone_of(standing), Reach::kRow}});
  }

  void row(const std::string& name, Tone tone, std::vector<Cell> cells) {
    cells.insert(cells.begin(), Cell{"  " + name, tone});
    table_.rows.push_back(std::move(cells));
  }

  const Look& look_;
  const Branches branches_;
  Table table_;
};

}  // namespace

std::string draw_cluster(const ClusterStatus& cluster, const Look& look) {
  std::string text = heading(cluster, look);
  if (cluster.shards_size() > 0 || cluster.spare_pods_size() > 0) {
    Tree tree(look);
    for (int i = 0; i < cluster.shards_size(); ++i)
      tree.shard(cluster.shards(i), i + 1 == cluster.shards_size() && cluster.spare_pods_size() == 0);
    if (cluster.spare_pods_size() > 0) tree.spares(cluster.spare_pods());
    text += "\n" + tree.take();
  }
  if (cluster.findings_size() > 0) text += "\n" + draw_findings(cluster.findings(), look);
  Sentences under_way = cluster.operations();
  for (auto& sentence : move_sentences(cluster.migration())) *under_way.Add() = std::move(sentence);
  if (!under_way.empty()) text += "\n" + draw_operations(under_way, look);
  return text;
}

std::string draw_status(const admin::v1::Status& status, const Look& look) {
  if (status.clusters_size() == 0) return "no clusters; give the coordinator one with --cluster=FILE\n";
  std::string text;
  for (const auto& cluster : status.clusters()) text += (text.empty() ? "" : "\n") + draw_cluster(cluster, look);
  return text;
}

}  // namespace shardkeeper::cli::render
