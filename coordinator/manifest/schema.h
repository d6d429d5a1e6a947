// What a ValkeyCluster manifest may hold, as one table: names, types, bounds, and who can honour it.
// A new field is a new row in schema.cc, a line in read_spec.cc if the coordinator uses it, and a row in docs/manifest.md
// (a test compares the table with that page). The CRD is rendered from this table: coordinator/crd.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardkeeper::manifest {

enum class Type {
  kString,
  kInteger,
  kBoolean,
  kWord,      // one of `words`
  kQuantity,  // as 512Mi; a plain number is one too
  kTexts,     // map of text to text
  kSettings,  // map of text to text or number
  kTime,      // RFC 3339; only in the status, so never read from a manifest
  kAnything,  // passed on as it is; only the bounds of read_yaml hold
  kIgnored,   // written by Kubernetes; accepted, so that the output of `kubectl get -o yaml` can be read back
  kRefused,   // known, and never allowed: `about` says why
  kObject,    // `fields`
};

enum class HonouredBy { kAll, kKubernetes };
enum class Shape { kOne, kList };  // a value, or a list of such values
enum class Presence { kOptional, kRequired };

// RETURNS the reason why a scalar of the right type is still wrong; none when it is right.
using Rule = std::optional<std::string> (*)(std::string_view text);

struct Field {
  std::string name;
  Type type = Type::kString;
  std::string about;  // one sentence for people
  Shape shape = Shape::kOne;
  Presence presence = Presence::kOptional;
  HonouredBy honoured_by = HonouredBy::kAll;
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::vector<std::string> words = {};
  Rule rule = nullptr;
  std::string fallback = {};  // the value that an absent one stands for, as YAML writes it; empty: none, or `about` says what happens
  std::string list_key = {};  // of a list of objects: the field that tells them apart; no two may have the same value
  std::vector<Field> fields = {};
};

// The document itself: apiVersion, kind, metadata, spec.
const Field& manifest_schema();

}  // namespace shardkeeper::manifest
