#include "coordinator/crd/status_fields.h"

#include <utility>

namespace shardkeeper::crd {
namespace {

using manifest::Field;
using manifest::Type;

Field text(std::string name, std::string about) { return {.name = std::move(name), .type = Type::kString, .about = std::move(about)}; }

Field count(std::string name, std::int64_t max, std::string about) {
  return {.name = std::move(name), .type = Type::kInteger, .about = std::move(about), .max = max};
}

Field required(Field field) {
  field.presence = manifest::Presence::kRequired;
  return field;
}

constexpr std::int64_t kAnyCount = 1'000'000;
constexpr std::int64_t kSlots = 16384;

Field generation() {
  return {.name = "observedGeneration", .type = Type::kInteger, .about = "The metadata.generation that this tells about."};
}

Field conditions() {
  return {.name = "conditions",
          .type = Type::kObject,
          .about = "Ready is the summary; the others say what it is made of.",
          .shape = manifest::Shape::kList,
          .list_key = "type",
          .fields = {required(text("type", "Name of the condition.")),
                     required({.name = "status", .type = Type::kWord, .about = "Whether it holds.", .words = {"True", "False", "Unknown"}}),
                     generation(), required({.name = "lastTransitionTime", .type = Type::kTime, .about = "When `status` last changed."}),
                     required(text("reason", "One word, the same as in events, logs and the command line tool.")),
                     required(text("message", "One sentence with the numbers."))}};
}

Field operation() {
  return {.name = "operation",
          .type = Type::kObject,
          .about = "The longest work under way; absent: none.",
          .fields = {required(text("kind", "What is done, as MovingSlots or Creating.")),
                     text("message", "One sentence with the numbers."),
                     text("progress", "As 40%; absent where it cannot be told."),
                     {.name = "startedAt", .type = Type::kTime, .about = "When this coordinator first saw it."}}};
}

Field shard_summary() {
  return {.name = "shardSummary",
          .type = Type::kObject,
          .about = "The shards, by number.",
          .shape = manifest::Shape::kList,
          .list_key = "shard",
          .fields = {required(count("shard", kAnyCount, "Number of the shard.")), text("primary", "Pod of the primary; absent: none."),
                     text("worker", "Worker that the primary runs on."), count("slots", kSlots, "Slots that the shard owns."),
                     count("replicas", kAnyCount, "Replicas that exist."), count("readyReplicas", kAnyCount, "Replicas in sync."),
                     text("reason", "Why the shard is not ready; absent: it is.")}};
}

}  // namespace

const Field& status_schema() {
  static const Field schema{
      .name = "status",
      .type = Type::kObject,
      .about = "What the cluster is. Written by the coordinator.",
      .fields = {generation(), conditions(), count("shards", kAnyCount, "Shards that exist."),
                 count("readyShards", kAnyCount, "Shards with a primary that serves its slots and with all their replicas in sync."),
                 count("slots", kSlots, "Slots that are served, of 16384."),
                 text("selector", "Selects exactly the primaries: an autoscaler multiplies by the pods that this matches."),
                 text("imbalance", "Most loaded shard divided by the average, as 1.04; 1.00 is even."),
                 text("version", "Version of the servers; several while they are updated, as 8.0.1, 9.1.2."),
                 count("targetShards", kAnyCount, "Shards that built-in scaling asks for; absent: spec.shards counts."), operation(),
                 shard_summary()}};
  return schema;
}

}  // namespace shardkeeper::crd
