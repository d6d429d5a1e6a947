// Another number of shards, and nothing else: in every way to write a manifest.
#include "coordinator/manifest/edit_shards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::manifest {
namespace {

using testing::HasSubstr;

const std::string kHead = "apiVersion: shardkeeper.io/v1alpha1\nkind: ValkeyCluster\nmetadata: {name: cache}\n";

// The text of a file that holds this spec, and what becomes of it with 12 shards.
Result<std::string> edited(const std::string& spec) {
  auto text = with_shards("c.yaml", kHead + spec, ClusterName("cache"), 12);
  if (!text) return text;
  EXPECT_THAT(*text, testing::StartsWith(kHead));
  return text->substr(kHead.size());
}

struct Case {
  std::string_view says;
  std::string before;
  std::string after;
};

TEST(EditShards, ChangesTheNumberOnly) {
  const Case cases[] = {
      {"a block", "spec:\n  image: v\n  shards: 3  # three\n  paused: true\n",
       "spec:\n  image: v\n  shards: 12  # three\n  paused: true\n"},
      {"a flow", "spec: {image: v, shards: 3, paused: true} # x\n", "spec: {image: v, shards: 12, paused: true} # x\n"},
      {"first and odd spaces", "spec:\n     shards:    4\n     image:  v", "spec:\n     shards:    12\n     image:  v"},
      {"on a line of its own", "spec:\n  shards:\n    3\n  image: v\n", "spec:\n  shards:\n    12\n  image: v\n"},
      {"CR LF", "spec:\r\n  image: v\r\n  shards: 3\r\n", "spec:\r\n  image: v\r\n  shards: 12\r\n"},
      {"beside the same number elsewhere", "spec:\n  image: v3\n  replicasPerShard: 3\n  shards: 3\n",
       "spec:\n  image: v3\n  replicasPerShard: 3\n  shards: 12\n"},
      {"absent from a block", "spec:  # about\n  # the image\n  image: v\n", "spec:  # about\n  shards: 12\n  # the image\n  image: v\n"},
      {"absent from a block with CR LF", "spec:\r\n  image: v\r\n", "spec:\r\n  shards: 12\r\n  image: v\r\n"},
      {"absent from a flow", "spec: {image: v}\n", "spec: {shards: 12, image: v}\n"},
      {"absent from a flow of many lines", "spec: {\n  image: v,\n  paused: true\n}\n",
       "spec: {\n  shards: 12, image: v,\n  paused: true\n}\n"},
      {"umlauts before it", "spec: {image: v, config: {a: \"äöü\"}, shards: 3}\n", "spec: {image: v, config: {a: \"äöü\"}, shards: 12}\n"},
  };
  for (const auto& [says, before, after] : cases) {
    const auto text = edited(before);
    ASSERT_TRUE(text) << says << ": " << to_string(text.error());
    EXPECT_EQ(*text, after) << says;
  }
}

TEST(EditShards, TouchesTheNamedClusterOnly) {
  const std::string other =
      "apiVersion: shardkeeper.io/v1alpha1\nkind: ValkeyCluster\nmetadata: {name: other}\nspec: {image: v, shards: 3}\n---\n";
  const auto text = with_shards("c.yaml", other + kHead + "spec: {image: v, shards: 3}\n", ClusterName("cache"), 5);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, other + kHead + "spec: {image: v, shards: 5}\n");
}

TEST(EditShards, TheSameNumberIsTheSameText) {
  EXPECT_EQ(*with_shards("c.yaml", kHead + "spec: {image: v, shards: 3}\n", ClusterName("cache"), 3),
            kHead + "spec: {image: v, shards: 3}\n");
}

TEST(EditShards, RefusesWhatWouldChangeMore) {
  // The anchor is used for the replicas, too.
  for (const auto* spec :
       {"spec: {image: v, replicasPerShard: &n 3, shards: *n}\n", "spec: {image: v, shards: &n 3, replicasPerShard: *n}\n"}) {
    const auto text = edited(spec);
    ASSERT_FALSE(text) << spec;
    EXPECT_EQ(text.error().kind, ErrorKind::kRefused);
    EXPECT_THAT(to_string(text.error()), HasSubstr("c.yaml: spec.shards is written in a way"));
  }
}

TEST(EditShards, RefusesAFileThatIsWrongNow) {
  const auto wrong = edited("spec: {image: v, shards: three}\n");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(to_string(wrong.error()), HasSubstr("c.yaml:4: spec.shards: must be a whole number"));
  const auto gone = with_shards("c.yaml", kHead + "spec: {image: v}\n", ClusterName("other"), 3);
  ASSERT_FALSE(gone);
  EXPECT_EQ(to_string(gone.error()), "c.yaml: no longer holds cluster other");
}

TEST(EditShards, KnowsTheLimits) {
  for (const int good : {1, 3, 4, 1000}) EXPECT_TRUE(check_shards(good)) << good;
  for (const int bad : {-1, 0, 2, 1001}) EXPECT_FALSE(check_shards(bad)) << bad;
  EXPECT_EQ(to_string(check_shards(1001).error()), "shards: must be 1 or 3 to 1000, not 1001");
  EXPECT_THAT(to_string(check_shards(2).error()), HasSubstr("must be 1 or at least 3"));
}

}  // namespace
}  // namespace shardkeeper::manifest
