// Any text: errors that say where and why, or clusters that keep the promises of model/spec.h.
#include "coordinator/manifest/manifest.h"
#include "tests/fuzz/check.h"

namespace {

using namespace shardkeeper;

void check_error(const manifest::ManifestError& error, int lines) {
  const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
  SK_CHECK(error.file == "fuzz.yaml" && !error.reason.empty(), "an error names its file and a reason");
  SK_CHECK(error.line >= 0 && error.line <= lines + 1, "a line of the file");
  SK_CHECK(to_string(error).size() < 800, "an error is short");
  SK_CHECK(std::ranges::all_of(to_string(error), is_printable), "an error is printable");
}

void check_spec(const model::ClusterSpec& spec) {
  SK_CHECK(!spec.image.empty(), "an image");
  SK_CHECK(spec.shards == 1 || (spec.shards >= 3 && spec.shards <= 1000), "1 or 3 to 1000 shards");
  SK_CHECK(spec.replicas_per_shard >= 0 && spec.replicas_per_shard <= 5, "0 to 5 replicas");
  SK_CHECK(spec.min_replicas_to_write >= 0 && spec.min_replicas_to_write <= spec.replicas_per_shard, "writes are possible");
  SK_CHECK(spec.node_timeout.count() >= 500 && spec.node_timeout.count() <= 60'000, "the node timeout's bounds");
  SK_CHECK(!spec.memory_limit_bytes || *spec.memory_limit_bytes >= (32U << 20), "enough memory");
  SK_CHECK(spec.update.max_parallel_shards >= 1, "work goes on");
  SK_CHECK(!spec.config.contains("port") && !spec.config.contains("maxmemory"), "settings of ours are refused");
  for (const auto& [setting, value] : spec.config)
    SK_CHECK(value.find('\n') == std::string::npos && setting.find('\n') == std::string::npos, "a setting is one line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  const auto manifests = manifest::parse_manifests("fuzz.yaml", text);
  // YAML knows three line breaks.
  int lines = 1;
  for (const char c : text) lines += c == '\n' || c == '\r' ? 1 : 0;

  SK_CHECK(!manifests.errors.empty() || !manifests.clusters.empty(), "a file without anything is an error");
  SK_CHECK(manifests.errors.size() <= 51, "errors are bounded");
  for (const auto& error : manifests.errors) check_error(error, lines);
  for (const auto& found : manifests.clusters) {
    SK_CHECK(!found.object.name.empty() && found.object.name.value.size() <= manifest::kClusterNameLengthMax, "a name that fits");
    check_spec(found.object.spec);
  }
  return 0;
}
