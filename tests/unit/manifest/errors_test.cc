// Every mistake is answered with its line, its field and the reason; a row is a manifest and the whole answer.
#include "coordinator/manifest/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

namespace shardkeeper::manifest {
namespace {

using testing::ElementsAre;

// A good manifest whose last lines, from line 6 on, are the case's.
std::string with_spec(std::string_view lines) {
  return "apiVersion: shardkeeper.io/v1alpha1\nkind: ValkeyCluster\nmetadata: {name: cache}\nspec:\n  image: valkey:8.0.1\n" +
         std::string(lines);
}

std::vector<std::string> errors_of(const std::string& text) {
  const Manifests manifests = parse_manifests("c.yaml", text);
  std::vector<std::string> lines;
  for (const auto& error : manifests.errors) lines.push_back(to_string(error));
  return lines;
}

struct Case {
  std::string_view says;
  std::string_view spec;
  std::string_view error;
};

class SpecErrors : public testing::TestWithParam<Case> {};

// What gtest prints for a failing row.
void PrintTo(const Case& row, std::ostream* out) { *out << row.says; }

TEST_P(SpecErrors, NamesLineFieldAndReason) {
  EXPECT_THAT(errors_of(with_spec(GetParam().spec)), ElementsAre(std::string(GetParam().error)));
}

const Case kSpecCases[] = {
    {"unknown field, near a known one", "  replicaPerShard: 1\n",
     "c.yaml:6: spec.replicaPerShard: unknown field; did you mean replicasPerShard?"},
    {"unknown field, beginning of a known one", "  replicas: 1\n",
     "c.yaml:6: spec.replicas: unknown field; did you mean replicasPerShard?"},
    {"unknown field, wrong case", "  shardlosspolicy: Wait\n",
     "c.yaml:6: spec.shardlosspolicy: unknown field; did you mean shardLossPolicy?"},
    {"unknown field, like nothing", "  storageClass: fast\n",
     "c.yaml:6: spec.storageClass: unknown field; docs/manifest.md lists the known ones"},
    {"unknown field in a small object", "  spread: {racks: Required}\n",
     "c.yaml:6: spec.spread.racks: unknown field; known here: workers and zones"},
    {"merge key", "  <<: {shards: 3}\n", "c.yaml:6: spec.<<: unknown field; merge keys are not supported, write the fields out"},
    {"field twice", "  shards: 3\n  shards: 4\n", "c.yaml:7: spec.shards: is given twice; first in line 6"},
    {"item twice", "  imagePullSecrets:\n    - name: a\n    - name: b\n    - name: a\n",
     "c.yaml:9: spec.imagePullSecrets[2].name: \"a\" is given twice; first in line 7"},
    {"setting twice", "  config:\n    hz: 10\n    hz: 20\n", "c.yaml:8: spec.config.hz: is given twice; first in line 7"},

    {"two shards", "  shards: 2\n",
     "c.yaml:6: spec.shards: must be 1 or at least 3: of two primaries neither can be outvoted when one is lost"},
    {"no shard", "  shards: 0\n", "c.yaml:6: spec.shards: must be a whole number, 1 to 1000, not 0"},
    {"negative shards", "  shards: -3\n", "c.yaml:6: spec.shards: must be a whole number, 1 to 1000, not -3"},
    {"too many shards", "  shards: 1001\n", "c.yaml:6: spec.shards: must be a whole number, 1 to 1000, not 1001"},
    {"more shards than a number holds", "  shards: 99999999999999999999\n",
     "c.yaml:6: spec.shards: must be a whole number, 1 to 1000, not 99999999999999999999"},
    {"fraction", "  shards: 3.5\n", "c.yaml:6: spec.shards: must be a whole number, 1 to 1000, not 3.5"},
    {"text for a number", "  shards: three\n", "c.yaml:6: spec.shards: must be a whole number, not \"three\""},
    {"quoted number", "  shards: \"3\"\n", "c.yaml:6: spec.shards: must be a whole number, not text; remove the quotes"},
    {"no number", "  shards:\n", "c.yaml:6: spec.shards: has no value"},
    {"list for a number", "  shards: [3]\n", "c.yaml:6: spec.shards: must be a whole number, not a list"},
    {"map for a number", "  shards: {a: 3}\n", "c.yaml:6: spec.shards: must be a whole number, not a map"},
    {"too many replicas", "  replicasPerShard: 6\n", "c.yaml:6: spec.replicasPerShard: must be a whole number, 0 to 5, not 6"},
    {"negative replicas", "  replicasPerShard: -1\n", "c.yaml:6: spec.replicasPerShard: must be a whole number, 0 to 5, not -1"},

    {"no rate", "  migration: {maxBytesPerSecond: 0}\n",
     "c.yaml:6: spec.migration.maxBytesPerSecond: must be more than 0; leave it out for no limit, or set spec.paused to move nothing"},
    {"no rate with a unit", "  migration: {maxBytesPerSecond: 0Mi}\n",
     "c.yaml:6: spec.migration.maxBytesPerSecond: must be more than 0; leave it out for no limit, or set spec.paused to move nothing"},
    {"negative rate", "  migration: {maxBytesPerSecond: -5Mi}\n", "c.yaml:6: spec.migration.maxBytesPerSecond: \"-5Mi\" is negative"},
    {"no jobs", "  migration: {maxParallelJobs: 0}\n",
     "c.yaml:6: spec.migration.maxParallelJobs: must be a whole number, 1 to 1000, not 0"},

    {"word for a boolean", "  paused: yes\n", "c.yaml:6: spec.paused: must be true or false, not \"yes\""},
    {"unknown word", "  shardLossPolicy: Ignore\n", "c.yaml:6: spec.shardLossPolicy: must be Recreate or Wait, not \"Ignore\""},
    {"three words", "  migration: {engine: fast}\n", "c.yaml:6: spec.migration.engine: must be Auto, Atomic or Keys, not \"fast\""},
    {"text for a map", "  resources: 1Gi\n", "c.yaml:6: spec.resources: must be a map of fields, not \"1Gi\""},
    {"map for a list", "  tolerations: {key: a}\n", "c.yaml:6: spec.tolerations: must be a list, not a map"},
    {"wrong item of a list", "  tolerations:\n    - key: a\n    - operator: Is\n",
     "c.yaml:8: spec.tolerations[1].operator: must be Exists or Equal, not \"Is\""},
    {"item without a name", "  extraContainers:\n    - image: x\n", "c.yaml:7: spec.extraContainers[0].name: is missing"},
    {"number for text", "  priorityClassName: 7\n", "c.yaml:6: spec.priorityClassName: must be text; put it in quotes: \"7\""},
    {"boolean for a label", "  nodeSelector: {ssd: true}\n", "c.yaml:6: spec.nodeSelector.ssd: must be text; put it in quotes: \"true\""},
    {"list for a label", "  nodeSelector: {ssd: [a]}\n", "c.yaml:6: spec.nodeSelector.ssd: must be text, not a list"},
    {"Secret of a bad name", "  tls: {secretName: My_Secret}\n",
     "c.yaml:6: spec.tls.secretName: may only hold lower-case letters, digits and \"-\""},

    {"bad quantity", "  resources: {limits: {memory: 1GB}}\n",
     "c.yaml:6: spec.resources.limits.memory: \"1GB\" is not a quantity like 512Mi, 1Gi or 100m"},
    {"negative quantity", "  resources: {limits: {memory: -1Gi}}\n", "c.yaml:6: spec.resources.limits.memory: \"-1Gi\" is negative"},
    {"too little memory", "  resources: {limits: {memory: 1Mi}}\n",
     "c.yaml:6: spec.resources.limits.memory: must be at least 32Mi: a server without data takes about 8 MiB, and 30 % are kept free for "
     "what maxmemory does not count"},

    {"setting of ours", "  config:\n    appendonly: \"yes\"\n",
     "c.yaml:7: spec.config.appendonly: nothing is persisted: a restarted server starts empty and is filled by its shard"},
    {"setting of ours, in capitals", "  config: {Port: 1}\n",
     "c.yaml:6: spec.config.Port: files and addresses of the server follow from its pod"},
    {"maxmemory", "  config: {maxmemory: 1gb}\n",
     "c.yaml:6: spec.config.maxmemory: follows from the memory limit (70 % of it); set spec.resources.limits.memory"},
    {"node timeout out of range", "  config: {cluster-node-timeout: 5}\n",
     "c.yaml:6: spec.config.cluster-node-timeout: must be a whole number from 500 to 60000 (milliseconds)"},
    {"writes that nobody could take", "  config: {min-replicas-to-write: 2}\n",
     "c.yaml:6: spec.config.min-replicas-to-write: is 2, more than spec.replicasPerShard (1): no write would ever be taken"},
    {"boolean setting", "  config: {lazyfree-lazy-eviction: yes}\n",
     "c.yaml:6: spec.config.lazyfree-lazy-eviction: must be text; put it in quotes: \"yes\""},
    {"setting with a line break", "  config: {proc-title-template: \"a\\nport 1\"}\n",
     "c.yaml:6: spec.config.proc-title-template: its value has a line break or another control character; a setting is one line"},

    {"host network", "  hostNetwork: true\n",
     "c.yaml:6: spec.hostNetwork: is not allowed: every pod needs an address of its own: all servers use the same ports"},
    {"access from outside", "  service: {type: LoadBalancer}\n",
     "c.yaml:6: spec.service.type: is not allowed: access from outside the cluster is not part of this version; leave it out"},
    {"unparsable", "  shards: [3\n", "c.yaml:7: is not YAML: end of sequence flow not found"},
    {"tab as indentation", "\tshards: 3\n", "c.yaml:6: is not YAML: illegal tab when looking for indentation"},
};

INSTANTIATE_TEST_SUITE_P(Manifest, SpecErrors, testing::ValuesIn(kSpecCases),
                         [](const auto& info) { return "row" + std::to_string(info.index); });

struct DocumentCase {
  std::string_view says;
  std::string text;
  std::vector<std::string> errors;
};

class DocumentErrors : public testing::TestWithParam<DocumentCase> {};

void PrintTo(const DocumentCase& row, std::ostream* out) { *out << row.says; }

TEST_P(DocumentErrors, AreAllFoundAtOnce) { EXPECT_EQ(errors_of(GetParam().text), GetParam().errors); }

const std::string kHead = "apiVersion: shardkeeper.io/v1alpha1\nkind: ValkeyCluster\n";
const std::string kSpec = "spec: {image: \"valkey:8.0.1\"}\n";

const DocumentCase kDocumentCases[] = {
    {"empty", "", {"c.yaml: holds no ValkeyCluster: it is empty; docs/manifest.md shows one of eight lines"}},
    {"only comments",
     "# nothing\n---\n# here\n",
     {"c.yaml: holds no ValkeyCluster: it is empty; docs/manifest.md shows one of eight lines"}},
    {"not a map", "- a\n- b\n", {"c.yaml:1: must be a map of fields, not a list"}},
    {"a word", "hello\n", {"c.yaml:1: must be a map of fields, not \"hello\""}},
    {"another kind",
     "apiVersion: v1\nkind: Secret\nmetadata: {name: cache}\n" + kSpec,
     {"c.yaml:1: apiVersion: must be shardkeeper.io/v1alpha1, not \"v1\"", "c.yaml:2: kind: must be ValkeyCluster, not \"Secret\""}},
    {"nothing but a kind", kHead, {"c.yaml:1: metadata: is missing", "c.yaml:1: spec: is missing"}},
    {"empty spec", kHead + "metadata: {name: cache}\nspec:\n", {"c.yaml:4: spec: must be a map of fields, not nothing"}},
    {"no image", kHead + "metadata: {name: cache}\nspec: {shards: 3}\n", {"c.yaml:4: spec.image: is missing"}},
    {"name with capitals",
     kHead + "metadata: {name: Cache}\n" + kSpec,
     {"c.yaml:3: metadata.name: may only hold lower-case letters, digits and \"-\""}},
    {"name that starts with a digit", kHead + "metadata: {name: 3cache}\n" + kSpec, {"c.yaml:3: metadata.name: must start with a letter"}},
    {"name that ends with a dash",
     kHead + "metadata: {name: cache-}\n" + kSpec,
     {"c.yaml:3: metadata.name: must start and end with a letter or a digit"}},
    {"name too long",
     kHead + "metadata: {name: " + std::string(41, 'a') + "}\n" + kSpec,
     {"c.yaml:3: metadata.name: is 41 characters long; at most 40 are allowed"}},
    {"name that is a boolean to kubectl",
     kHead + "metadata: {name: on}\n" + kSpec,
     {"c.yaml:3: metadata.name: must be text; put it in quotes: \"on\""}},
    {"several mistakes, in order of lines",
     kHead + "metadata: {name: cache}\nspec:\n  image: \"\"\n  shards: 2\n  paused: 1\n  colour: red\n",
     {"c.yaml:5: spec.image: is empty; name an image like docker.io/valkey/valkey:8.1",
      "c.yaml:6: spec.shards: must be 1 or at least 3: of two primaries neither can be outvoted when one is lost",
      "c.yaml:7: spec.paused: must be true or false, not \"1\"",
      "c.yaml:8: spec.colour: unknown field; docs/manifest.md lists the known ones"}},
    {"the same name twice",
     kHead + "metadata: {name: cache}\n" + kSpec + "---\n" + kHead + "metadata: {name: cache, namespace: other}\n" + kSpec,
     {"c.yaml:6: metadata.name: \"cache\" is already the name of the cluster in c.yaml:1; names must differ, across namespaces too"}},
};

INSTANTIATE_TEST_SUITE_P(Manifest, DocumentErrors, testing::ValuesIn(kDocumentCases),
                         [](const auto& info) { return "row" + std::to_string(info.index); });

TEST(ManifestErrors, AreCountedNotListedWithoutEnd) {
  std::string spec;
  for (int i = 0; i < 200; ++i) spec += "  field" + std::to_string(i) + ": 1\n";
  const auto errors = errors_of(with_spec(spec));
  ASSERT_EQ(errors.size(), 51U);
  EXPECT_EQ(errors.back(), "c.yaml: has 150 more errors");
}

TEST(ManifestErrors, QuoteNoGarbageAndNoLongTexts) {
  const std::string long_text = "a\\u0007\xc3\xbc" + std::string(900, 'k');
  const auto errors = errors_of(with_spec("  \"" + long_text + "\": 1\n  paused: \"" + long_text + "\"\n"));
  ASSERT_EQ(errors.size(), 2U);
  for (const auto& error : errors) {
    EXPECT_LT(error.size(), 400U);
    EXPECT_TRUE(std::ranges::all_of(error, [](char c) { return c >= ' ' && c <= '~'; })) << error;
  }
}

TEST(ManifestErrors, TooLargeFileIsNotParsed) {
  EXPECT_THAT(errors_of(std::string(kFileBytesMax + 1, '#')),
              ElementsAre("c.yaml: is larger than 1 MiB; a manifest has a few hundred bytes"));
}

}  // namespace
}  // namespace shardkeeper::manifest
