#include "coordinator/manifest/read_spec.h"

#include "agent/decide/refused_settings.h"
#include "coordinator/manifest/quantity.h"
#include "coordinator/manifest/scalar.h"
#include "coordinator/model/memory.h"

#include <initializer_list>
#include <string>
#include <string_view>

namespace shardkeeper::manifest {
namespace {

// A server without data and with a few clients takes about 8 MiB; below this nothing would fit beside it.
constexpr std::uint64_t kMemoryLimitMin = std::uint64_t{32} << 20;

// The value at the end of a path of keys; null when any of them is absent or empty.
const Yaml* at(const Yaml& document, std::initializer_list<std::string_view> path) {
  const Yaml* value = &document;
  for (const auto key : path) {
    value = value->find(key);
    if (value == nullptr) return nullptr;
  }
  return value->kind == Yaml::Kind::kNull ? nullptr : value;
}

// The checker has seen that these hold a value of the right type.
int whole(const Yaml& value) { return static_cast<int>(*whole_number(value.text)); }
bool is_word(const Yaml* value, std::string_view word) { return value != nullptr && value->text == word; }

model::SpreadMode spread_mode(const Yaml* value) {
  return is_word(value, "Required") ? model::SpreadMode::kRequired : model::SpreadMode::kPreferred;
}

model::MigrationSpec read_migration(const Yaml& document) {
  model::MigrationSpec migration;
  const Yaml* const engine = at(document, {"spec", "migration", "engine"});
  if (is_word(engine, "Atomic")) migration.engine = model::MigrationEngine::kAtomic;
  if (is_word(engine, "Keys")) migration.engine = model::MigrationEngine::kKeys;
  if (const Yaml* rate = at(document, {"spec", "migration", "maxBytesPerSecond"}))
    migration.max_bytes_per_second = *parse_quantity(rate->text);
  if (const Yaml* jobs = at(document, {"spec", "migration", "maxParallelJobs"})) migration.max_parallel_jobs = whole(*jobs);
  return migration;
}

class SpecReader {
 public:
  explicit SpecReader(const Yaml& document) : document_(document) {}

  ReadObject read() {
    auto& object = read_.object;
    object.name = ClusterName(at(document_, {"metadata", "name"})->text);
    if (const Yaml* space = at(document_, {"metadata", "namespace"})) object.space = space->text;
    read_basics(object.spec);
    read_memory(object.spec);
    read_config(object.spec);
    return std::move(read_);
  }

 private:
  void read_basics(model::ClusterSpec& spec) {
    spec.image = at(document_, {"spec", "image"})->text;
    if (const Yaml* shards = at(document_, {"spec", "shards"})) spec.shards = whole(*shards);
    if (const Yaml* replicas = at(document_, {"spec", "replicasPerShard"})) spec.replicas_per_shard = whole(*replicas);
    spec.worker_spread = spread_mode(at(document_, {"spec", "spread", "workers"}));
    spec.zone_spread = spread_mode(at(document_, {"spec", "spread", "zones"}));
    if (is_word(at(document_, {"spec", "shardLossPolicy"}), "Wait")) spec.shard_loss_policy = model::ShardLossPolicy::kWait;
    if (const Yaml* shards = at(document_, {"spec", "update", "maxParallelShards"})) spec.update.max_parallel_shards = whole(*shards);
    spec.migration = read_migration(document_);
    spec.paused = is_word(at(document_, {"spec", "paused"}), "true");
  }

  void read_memory(model::ClusterSpec& spec) {
    const Yaml* const limit = at(document_, {"spec", "resources", "limits", "memory"});
    if (limit == nullptr) return;
    spec.memory_limit_bytes = *parse_quantity(limit->text);
    if (*spec.memory_limit_bytes < kMemoryLimitMin)
      error(limit->line, "spec.resources.limits.memory",
            "must be at least 32Mi: a server without data takes about 8 MiB, and 30 % are kept free for what maxmemory does not count");
  }

  void read_config(model::ClusterSpec& spec) {
    const Yaml* const config = at(document_, {"spec", "config"});
    if (config == nullptr) return;
    for (const auto& entry : config->entries) spec.config[entry.key] = entry.value.text;
    for (const auto& [setting, reason] : agent::refused_settings(spec.config))
      error(config->find(setting)->line, "spec.config." + setting, reason);

    std::map<std::string, std::string> passed_through;
    for (const auto& [setting, value] : spec.config) take_setting(spec, setting, value, *config, passed_through);
    spec.config = std::move(passed_through);
  }

  // Settings with a field of their own leave the map.
  void take_setting(model::ClusterSpec& spec, const std::string& setting, const std::string& value, const Yaml& config,
                    std::map<std::string, std::string>& passed_through) {
    const std::string name = agent::canonical_setting_name(setting);
    const int line = config.find(setting)->line;
    // A value out of range is among the refused ones already.
    const int number = static_cast<int>(whole_number(value).value_or(0));
    if (name == agent::kNodeTimeoutSetting) {
      spec.node_timeout = std::chrono::milliseconds(number);
    } else if (name == agent::kMinReplicasSetting) {
      spec.min_replicas_to_write = number;
      if (number > spec.replicas_per_shard && number <= agent::kMinReplicasMax)
        error(line, "spec.config." + setting,
              "is " + std::to_string(number) + ", more than spec.replicasPerShard (" + std::to_string(spec.replicas_per_shard) +
                  "): no write would ever be taken");
    } else if (name == "maxmemory") {
      error(line, "spec.config." + setting,
            "follows from the memory limit (" + std::to_string(model::kMaxmemoryPercent) + " % of it); set spec.resources.limits.memory");
    } else {
      passed_through[name] = value;
    }
  }

  void error(int line, std::string field, std::string reason) { read_.errors.push_back({line, std::move(field), std::move(reason)}); }

  const Yaml& document_;
  ReadObject read_;
};

}  // namespace

ReadObject read_object(const Yaml& document) { return SpecReader(document).read(); }

}  // namespace shardkeeper::manifest
