#include "coordinator/manifest/manifest.h"

#include "coordinator/manifest/check.h"
#include "coordinator/manifest/read_spec.h"
#include "coordinator/manifest/schema.h"
#include "coordinator/manifest/yaml_tree.h"

#include <algorithm>
#include <map>
#include <utility>

namespace shardkeeper::manifest {
namespace {

constexpr std::size_t kErrorsShownMax = 50;  // of one file; who has more errors than that fixes the first ones first

void add_errors(std::vector<ManifestError>& errors, const std::string& file, std::vector<FieldError> found) {
  for (auto& [line, field, reason] : found) errors.push_back({file, line, std::move(field), std::move(reason)});
}

// The map's own line is that of its first key.
void read_document(const std::string& file, const Yaml& document, Manifests& manifests) {
  Checked checked = check(document, manifest_schema());
  if (!checked.errors.empty()) return add_errors(manifests.errors, file, std::move(checked.errors));
  ReadObject read = read_object(document);
  if (!read.errors.empty()) return add_errors(manifests.errors, file, std::move(read.errors));
  read.object.spec.not_honoured = std::move(checked.not_honoured);
  manifests.clusters.push_back({std::move(read.object), file, document.line});
}

// What is quoted from a file may be long and hold anything; errors go to logs, terminals and Protobuf.
std::string short_and_printable(std::string_view text, std::size_t length_max) {
  std::string out(text.substr(0, length_max));
  for (char& c : out)
    if (c < ' ' || c > '~') c = '?';
  return text.size() > length_max ? out + "..." : out;
}

void shorten(std::vector<ManifestError>& errors, const std::string& file) {
  for (auto& error : errors) {
    error.field = short_and_printable(error.field, 200);
    error.reason = short_and_printable(error.reason, 500);
  }
  if (errors.size() <= kErrorsShownMax) return;
  const std::size_t hidden = errors.size() - kErrorsShownMax;
  errors.resize(kErrorsShownMax);
  errors.push_back({file, 0, "", "has " + std::to_string(hidden) + " more errors"});
}

}  // namespace

std::string to_string(const ManifestError& error) {
  std::string text = error.file;
  if (error.line > 0) text += ":" + std::to_string(error.line);
  if (!error.field.empty()) text += ": " + error.field;
  return text + ": " + error.reason;
}

Manifests parse_manifests(const std::string& file, std::string_view text) {
  Manifests manifests;
  if (text.size() > kFileBytesMax) {
    manifests.errors.push_back({file, 0, "", "is larger than 1 MiB; a manifest has a few hundred bytes"});
    return manifests;
  }
  const YamlDocuments read = read_yaml(text);
  for (const Yaml& document : read.documents) read_document(file, document, manifests);
  for (const auto& [line, reason] : read.errors) manifests.errors.push_back({file, line, "", reason});
  if (read.documents.empty() && read.errors.empty())
    manifests.errors.push_back({file, 0, "", "holds no ValkeyCluster: it is empty; docs/manifest.md shows one of eight lines"});
  manifests = merge({std::move(manifests)});
  shorten(manifests.errors, file);
  return manifests;
}

Manifests merge(std::vector<Manifests> parts) {
  Manifests all;
  std::map<ClusterName, std::pair<std::string, int>> places;
  for (Manifests& part : parts) {
    for (FoundCluster& found : part.clusters) {
      const auto [first, is_new] = places.emplace(found.object.name, std::pair(found.file, found.line));
      if (is_new) {
        all.clusters.push_back(std::move(found));
        continue;
      }
      const auto& [file, line] = first->second;
      all.errors.push_back({found.file, found.line, "metadata.name",
                            "\"" + found.object.name.value + "\" is already the name of the cluster in " + file + ":" +
                                std::to_string(line) + "; names must differ, across namespaces too"});
    }
    std::ranges::move(part.errors, std::back_inserter(all.errors));
  }
  return all;
}

std::vector<ManifestError> allowed_change(const model::ClusterObject& running, const model::ClusterObject& wanted) {
  std::vector<ManifestError> errors;
  // The three together say which object it is; another one is another cluster, with data of its own.
  if (running.name != wanted.name)
    errors.push_back({"", 0, "metadata.name", "cannot change from \"" + running.name.value + "\"; a new name is a new cluster"});
  if (running.space != wanted.space)
    errors.push_back({"", 0, "metadata.namespace",
                      "cannot change from \"" + running.space + "\" to \"" + wanted.space + "\": the cluster runs there; write \"" +
                          running.space + "\" again"});
  if (!running.uid.empty() && !wanted.uid.empty() && running.uid != wanted.uid)
    errors.push_back({"", 0, "metadata.uid", "differs: this is another object of the same name"});
  return errors;
}

}  // namespace shardkeeper::manifest
