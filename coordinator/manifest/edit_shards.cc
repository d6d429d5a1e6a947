#include "coordinator/manifest/edit_shards.h"

#include "coordinator/manifest/rules.h"
#include "coordinator/manifest/yaml_tree.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace shardkeeper::manifest {
namespace {

const Yaml::Entry* entry_of(const Yaml& map, std::string_view key) {
  const auto entry = std::ranges::find(map.entries, key, &Yaml::Entry::key);
  return entry == map.entries.end() ? nullptr : &*entry;
}

// Where a line begins; none: the text has fewer. `line` is 1-based.
std::optional<std::size_t> start_of(std::string_view text, int line) {
  std::size_t at = 0;
  for (; line > 1; --line) {
    at = text.find('\n', at);
    if (at == std::string_view::npos) return std::nullopt;
    ++at;
  }
  return at;
}

std::optional<std::size_t> offset_of(std::string_view text, int line, int column) {
  const auto start = start_of(text, line);
  if (!start || line < 1 || column < 1) return std::nullopt;
  const std::size_t at = *start + static_cast<std::size_t>(column) - 1;
  return at <= text.size() ? std::optional(at) : std::nullopt;
}

std::string spliced(std::string_view text, std::size_t at, std::size_t removed, std::string_view added) {
  return std::string(text.substr(0, at)) + std::string(added) + std::string(text.substr(at + removed));
}

// Texts that may be the wanted one: YAML has several ways to write a map, and reading again tells which one this is.
std::vector<std::string> candidates(std::string_view text, const Yaml::Entry& spec, int shards) {
  const std::string number = std::to_string(shards);
  if (const auto* const field = entry_of(spec.value, "shards")) {
    const auto at = offset_of(text, field->value.line, field->value.column);
    if (!at || text.substr(*at, field->value.text.size()) != field->value.text) return {};
    return {spliced(text, *at, field->value.text.size(), number)};
  }
  if (spec.value.entries.empty()) return {};
  const auto& first = spec.value.entries.front();
  const auto key = offset_of(text, first.line, first.column);
  const auto below = start_of(text, spec.line + 1);
  std::vector<std::string> found;
  if (below && key) {
    // A line of its own right below `spec:`, so that comments stay above the fields that they are about.
    const std::string_view end = *below >= 2 && text[*below - 2] == '\r' ? "\r\n" : "\n";
    const std::string indentation(static_cast<std::size_t>(first.column) - 1, ' ');
    found.push_back(spliced(text, *below, 0, indentation + "shards: " + number + std::string(end)));
  }
  if (key) found.push_back(spliced(text, *key, 0, "shards: " + number + ", "));
  return found;
}

// Whether `text` says the same as `before` but for the number of shards.
bool says(const std::string& file, std::string_view text, Manifests wanted, const ClusterName& cluster, int shards) {
  Manifests found = parse_manifests(file, text);
  for (auto& one : wanted.clusters)
    if (one.object.name == cluster) one.object.spec.shards = shards;
  // A line that was added moves what follows.
  for (auto* const manifests : {&found, &wanted}) {
    for (auto& one : manifests->clusters) one.line = 0;
    for (auto& error : manifests->errors) error.line = 0;
  }
  return found.clusters == wanted.clusters && found.errors == wanted.errors;
}

const Yaml::Entry* spec_of(const YamlDocuments& read, const ClusterName& cluster) {
  for (const auto& document : read.documents) {
    const Yaml* const metadata = document.find("metadata");
    const Yaml* const name = metadata == nullptr ? nullptr : metadata->find("name");
    if (name != nullptr && name->text == cluster.value) return entry_of(document, "spec");
  }
  return nullptr;
}

}  // namespace

Result<void> check_shards(int shards) {
  if (shards < 1 || shards > kShardsMax)
    return invalid("shards", "must be 1 or 3 to " + std::to_string(kShardsMax) + ", not " + std::to_string(shards));
  if (const auto wrong = shards_rule(std::to_string(shards))) return invalid("shards", *wrong);
  return {};
}

Result<std::string> with_shards(const std::string& file, std::string_view text, const ClusterName& cluster, int shards) {
  if (const auto checked = check_shards(shards); !checked) return checked.error();
  const Manifests before = parse_manifests(file, text);
  const auto known = [&](const FoundCluster& found) { return found.object.name == cluster; };
  if (std::ranges::none_of(before.clusters, known)) {
    if (!before.errors.empty()) return invalid("", to_string(before.errors.front()) + "; nothing is changed before that is right");
    return invalid(file, "no longer holds cluster " + cluster.value);
  }
  const YamlDocuments read = read_yaml(text);
  if (const auto* const spec = spec_of(read, cluster))
    for (auto& candidate : candidates(text, *spec, shards))
      if (says(file, candidate, before, cluster, shards)) return std::move(candidate);
  return refused(file, "spec.shards is written in a way that cannot be changed without changing more (an alias?); edit it by hand");
}

}  // namespace shardkeeper::manifest
