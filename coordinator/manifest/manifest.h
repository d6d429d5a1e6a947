// Reads ValkeyCluster manifests: the YAML that `kubectl apply` takes, as text, into coordinator/model/spec.h. Pure.
#pragma once

#include "coordinator/model/spec.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace shardkeeper::manifest {

// One thing that is wrong. All of a manifest's errors are found at once.
struct ManifestError {
  std::string file;
  int line = 0;        // 1-based; 0: not known
  std::string field;   // path as in "spec.resources.limits.memory"; empty: the file or document as a whole
  std::string reason;  // what is wrong and, where there is one, the way out

  bool operator==(const ManifestError&) const = default;
};

// "cluster.yaml:7: spec.shards: must be 1 or at least 3, not 2".
std::string to_string(const ManifestError& error);

// Where an object was found. `object.uid` is left empty: the platform knows it.
struct FoundCluster {
  model::ClusterObject object;
  std::string file;
  int line = 0;  // of the document's first key

  bool operator==(const FoundCluster&) const = default;
};

// A document with an error gives no cluster; the others of the same text still do.
struct Manifests {
  std::vector<FoundCluster> clusters;
  std::vector<ManifestError> errors;
};

inline constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;
inline constexpr int kShardsMax = 1000;
inline constexpr int kClusterNameLengthMax = 40;  // pod names add a suffix, and must stay labels of at most 63 characters

// Reads every document of `text`; `file` is only quoted in errors. Takes any bytes: size, nesting, aliases and the number of
// values are bounded.
Manifests parse_manifests(const std::string& file, std::string_view text);

// Joins what several files gave. A cluster name that occurs twice is an error at its second place, also across namespaces:
// pods carry the cluster's name only.
Manifests merge(std::vector<Manifests> parts);

// Whether a running cluster may become what the manifest says now. Almost everything may change: shards, replicas, image and
// settings are what the coordinator is there to change. RETURNS the errors, without file and line; empty: allowed.
std::vector<ManifestError> allowed_change(const model::ClusterObject& running, const model::ClusterObject& wanted);

}  // namespace shardkeeper::manifest
