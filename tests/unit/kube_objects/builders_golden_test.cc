// Every file in tests/golden/kube is a ValkeyCluster and the objects that are made of it. SHARDKEEPER_REWRITE_GOLDEN=1 rewrites them:
// review the diff.
#include "coordinator/platform/kube/objects/budgets.h"
#include "coordinator/platform/kube/objects/network_policy.h"
#include "coordinator/platform/kube/objects/pod_builder.h"
#include "coordinator/platform/kube/objects/services.h"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace shardkeeper::test {
namespace {

namespace fs = std::filesystem;
using namespace platform::kube;

const fs::path kFolder = fs::path(SK_SOURCE_DIR) / "tests/golden/kube";
constexpr std::size_t kLineLength = 110;

// One line where it fits, so that a review reads fields and not brackets.
void write_pretty(const boost::json::value& value, const std::string& indent, std::string& out) {
  const std::string flat = boost::json::serialize(value);
  if (indent.size() + flat.size() <= kLineLength || (!value.is_object() && !value.is_array())) {
    out += flat;
    return;
  }
  const std::string deeper = indent + "  ";
  bool first = true;
  const auto separate = [&] { out += (std::exchange(first, false) ? "\n" : ",\n") + deeper; };
  out += value.is_object() ? "{" : "[";
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) {
      separate();
      out += '"' + std::string(member.key()) + "\": ";
      write_pretty(member.value(), deeper, out);
    }
  } else {
    for (const auto& element : value.as_array()) {
      separate();
      write_pretty(element, deeper, out);
    }
  }
  out += "\n" + indent + (value.is_object() ? "}" : "]");
}

boost::json::object made(const KubeCluster& cluster, const std::string& what) {
  const model::PodRequest request{.name = PodName(cluster.object.name.value + "-7x2kq"),
                                  .shard = ShardId{1},
                                  .workers_taken = {WorkerName("w1")},
                                  .workers_avoided = {WorkerName("w2"), WorkerName("w3")}};
  const bool native = what == "pod with a native sidecar";
  if (native || what == "pod")
    return build_pod({cluster, request, "localhost/shardkeeper:1", native ? AgentIs::kNativeSidecar : AgentIs::kOrdinaryContainer});
  if (what == "service") return client_service(cluster);
  if (what == "network policy") return network_policy(cluster);
  if (what == "headless service") return headless_service(cluster);
  if (what == "budget") return disruption_budget(cluster.object, ShardId{1}, "policy/v1");
  throw std::runtime_error("no such object: " + what);
}

// "<ValkeyCluster>---- pod\n<pod>---- service\n…" with what is made of it today.
std::string retold(const std::string& written) {
  const auto parts_begin = written.find("---- ");
  const auto read = read_cluster(boost::json::parse(written.substr(0, parts_begin)).as_object());
  if (!read.errors.empty()) throw std::runtime_error(to_text(read.errors));
  std::string told = written.substr(0, parts_begin);
  std::istringstream lines(written.substr(parts_begin));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("---- ")) continue;
    told += line + "\n";
    write_pretty(made(read.cluster, line.substr(5)), "", told);
    told += "\n";
  }
  return told;
}

std::vector<std::string> files() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kFolder)) names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

class GoldenObjects : public testing::TestWithParam<std::string> {};

TEST_P(GoldenObjects, AreWhatTheFileShows) {
  const auto path = kFolder / (GetParam() + ".txt");
  std::ifstream file(path);
  std::stringstream written;
  written << file.rdbuf();
  const auto told = retold(written.str());
  if (std::getenv("SHARDKEEPER_REWRITE_GOLDEN") != nullptr)
    std::ofstream(path) << told;
  else
    EXPECT_EQ(told, written.str()) << "rewrite with SHARDKEEPER_REWRITE_GOLDEN=1 and review the diff";
}

INSTANTIATE_TEST_SUITE_P(Kube, GoldenObjects, testing::ValuesIn(files()), [](const auto& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

KubeCluster cluster_of(const std::string& spec) {
  const auto read = read_cluster(boost::json::parse(R"({"apiVersion":"shardkeeper.io/v1alpha1","kind":"ValkeyCluster",)"
                                                    R"("metadata":{"name":"cache","namespace":"n","uid":"u"},"spec":)" +
                                                    spec + "}")
                                     .as_object());
  EXPECT_EQ(to_text(read.errors), "");
  return read.cluster;
}

TEST(MadeFrom, ChangesWithWhatShowsInAPod) {
  const auto before = made_from(cluster_of(R"({"image":"valkey:8.0.1","shards":3})"));
  EXPECT_NE(made_from(cluster_of(R"({"image":"valkey:9.1.2","shards":3})")), before);
  EXPECT_NE(made_from(cluster_of(R"({"image":"valkey:8.0.1","shards":3,"tolerations":[{"key":"a"}]})")), before);
  EXPECT_NE(made_from(cluster_of(R"({"image":"valkey:8.0.1","config":{"hz":"20"}})")), before);
}

TEST(MadeFrom, DoesNotChangeWithTheNumberOfPods) {
  EXPECT_EQ(made_from(cluster_of(R"({"image":"valkey:8.0.1","shards":3})")),
            made_from(cluster_of(R"({"image":"valkey:8.0.1","shards":5,"replicasPerShard":2,"paused":true})")));
}

TEST(BuildPod, LeavesOutLabelsThatWouldMakeItAnotherClusters) {
  const auto cluster = cluster_of(
      R"({"image":"valkey:8.0.1","podMetadata":{"labels":{"shardkeeper.io/cluster":"other","team":"a","app.kubernetes.io/name":"x"}}})");
  const model::PodRequest request{.name = PodName("cache-aaaaa"), .shard = ShardId{0}};
  const auto pod = build_pod({cluster, request, "image"});
  const auto& labels = pod.at("metadata").at("labels").as_object();
  EXPECT_EQ(labels.at("shardkeeper.io/cluster").as_string(), "cache");
  EXPECT_EQ(labels.at("app.kubernetes.io/name").as_string(), "valkey");
  EXPECT_EQ(labels.at("team").as_string(), "a");
}

}  // namespace
}  // namespace shardkeeper::test
