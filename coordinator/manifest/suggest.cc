#include "coordinator/manifest/suggest.h"

#include <algorithm>
#include <numeric>

namespace shardkeeper::manifest {
namespace {

constexpr std::size_t kWordLengthMax = 64;  // longer words are not typing errors of ours; also bounds the table below

std::string folded(std::string_view word) {
  std::string out;
  for (const char c : word)
    if (c != '-' && c != '_') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// Insertions, deletions and replacements from `a` to `b`.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> nearest_word(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() < 2 || word.size() > kWordLengthMax) return std::nullopt;
  const std::string mistyped = folded(word);
  const std::string* nearest = nullptr;
  std::size_t fewest = 0;
  for (const std::string& candidate : known) {
    const std::size_t count = edits(mistyped, folded(candidate));
    if (nearest == nullptr || count < fewest) {
      nearest = &candidate;
      fewest = count;
    }
  }
  if (nearest != nullptr && fewest <= std::max<std::size_t>(1, nearest->size() / 3)) return *nearest;
  for (const std::string& candidate : known)
    if (mistyped.size() >= 4 && (folded(candidate).starts_with(mistyped) || folded(candidate).ends_with(mistyped))) return candidate;
  return std::nullopt;
}

}  // namespace shardkeeper::manifest
