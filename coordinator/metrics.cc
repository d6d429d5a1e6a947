#include "coordinator/metrics.h"

#include <fmt/format.h>

#include <chrono>
#include <set>
#include <string_view>

namespace shardkeeper::coordinator {
namespace {

class Text {
 public:
  void family(std::string_view name, std::string_view help, std::string_view type = "gauge") {
    text_ += "# HELP " + std::string(name) + ' ' + std::string(help) + "\n# TYPE " + std::string(name) + ' ' + std::string(type) + '\n';
  }
  void sample(std::string_view name, const std::string& labels, const std::string& value) {
    text_ += std::string(name) + (labels.empty() ? "" : "{" + labels + "}") + ' ' + value + '\n';
  }
  void sample(std::string_view name, const std::string& labels, std::uint64_t value) { sample(name, labels, std::to_string(value)); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string label(const char* name, const std::string& value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return std::string(name) + "=\"" + escaped + '"';
}

int ready_pods(const admin::v1::ClusterStatus& cluster) {
  int ready = 0;
  for (const auto& shard : cluster.shards())
    for (const auto& pod : shard.pods()) ready += pod.ready() ? 1 : 0;
  return ready;
}

// One family after the other, with all clusters in each, as the format wants it.
template <typename Value>
void of_each(Text& text, const admin::v1::Status& status, const char* name, const char* help, Value value) {
  text.family(name, help);
  for (const auto& cluster : status.clusters())
    text.sample(name, label("cluster", cluster.name()), static_cast<std::uint64_t>(value(cluster)));
}

void add_passes(Text& text, const PassTimes& passes) {
  text.family("shardkeeper_pass_seconds", "Time that a look at one cluster took, with what was decided and started in it.", "histogram");
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < passes.counts.size(); ++i) {
    count += passes.counts[i];
    const bool is_last = i == PassTimes::kEndsMs.size();
    text.sample("shardkeeper_pass_seconds_bucket", label("le", is_last ? "+Inf" : fmt::format("{}", PassTimes::kEndsMs[i] / 1000.0)),
                count);
  }
  text.sample("shardkeeper_pass_seconds_sum", "", fmt::format("{:.6f}", std::chrono::duration<double>(passes.sum).count()));
  text.sample("shardkeeper_pass_seconds_count", "", count);
}

}  // namespace

std::string metrics_text(bool is_leading, FenceToken token, const admin::v1::Status& status, const PassTimes& passes) {
  Text text;
  text.family("shardkeeper_leader", "1 where this process leads, 0 where it stands by.");
  text.sample("shardkeeper_leader", "", is_leading ? 1 : 0);
  text.family("shardkeeper_fence_token", "Number under which this process commands agents; 0 while it stands by.");
  text.sample("shardkeeper_fence_token", "", is_leading ? token.value : 0);
  text.family("shardkeeper_clusters", "Clusters that this process runs.");
  text.sample("shardkeeper_clusters", "", static_cast<std::uint64_t>(status.clusters_size()));
  of_each(text, status, "shardkeeper_cluster_ready", "1 when all pods asked for are Ready and all slots are served.",
          [](const auto& c) { return c.ready() ? 1 : 0; });
  of_each(text, status, "shardkeeper_cluster_shards_wanted", "Shards asked for.", [](const auto& c) { return c.shards_wanted(); });
  of_each(text, status, "shardkeeper_cluster_slots_served", "Slots that a reachable primary serves, of 16384.",
          [](const auto& c) { return c.slots_served(); });
  of_each(text, status, "shardkeeper_cluster_pods_ready", "Pods that are Ready and in the cluster.", ready_pods);
  of_each(text, status, "shardkeeper_cluster_slots_to_move", "Slots that shall move to another shard.",
          [](const auto& c) { return c.migration().slots_left(); });
  text.family("shardkeeper_cluster_finding", "1 for each thing that the coordinator has to say about a cluster now.");
  std::set<std::string> findings;  // the same may be said twice, a sample may not
  for (const auto& cluster : status.clusters())
    for (const auto& finding : cluster.findings())
      findings.insert(label("cluster", cluster.name()) + "," + label("family", finding.family()) + "," + label("reason", finding.reason()) +
                      "," + label("subject", finding.subject()));
  for (const auto& labels : findings) text.sample("shardkeeper_cluster_finding", labels, 1);
  add_passes(text, passes);
  return text.take();
}

}  // namespace shardkeeper::coordinator
