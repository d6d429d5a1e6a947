// YAML text as a plain tree with line numbers. The only place that knows yaml-cpp's parser.
#pragma once

#include "common/error/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace shardkeeper::manifest {

struct Yaml {
  enum class Kind { kNull, kScalar, kList, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  int line = 0;                // 1-based
  int column = 0;              // 1-based, in bytes; of a scalar
  std::string text;            // of a scalar
  bool is_quoted = false;      // "3" is text, 3 is a number
  std::vector<Yaml> items;     // of a list
  std::vector<Entry> entries;  // of a map, as written: a key may occur twice

  // The first entry of that key, or null. REQUIRES kind is kMap for an answer other than null.
  const Yaml* find(std::string_view key) const;
};

struct Yaml::Entry {
  std::string key;
  int line = 0;
  int column = 0;
  Yaml value;
};

// What a text may hold; an alias counts as a copy of what it stands for, so a small text cannot become a large tree.
inline constexpr int kYamlDepthMax = 40;
inline constexpr std::size_t kYamlValuesMax = 50'000;

struct YamlError {
  int line = 0;  // 0: not known
  std::string reason;
};

struct YamlDocuments {
  std::vector<Yaml> documents;    // empty ones ("---" twice) are left out
  std::vector<YamlError> errors;  // at most one: what follows an error is not read
};

YamlDocuments read_yaml(std::string_view text);

}  // namespace shardkeeper::manifest
