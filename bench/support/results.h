// What a benchmark found out: our value beside the peer's, and whether the bar holds. A table for people, JSON for programs.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::bench {

// What `value` has to be for the row to hold.
struct Bar {
  enum class Kind { kNone, kValueMax, kRatioMax, kRatioMin } kind = Kind::kNone;
  double limit = 0;
  std::optional<double> or_value_min = std::nullopt;  // holds in any case from here on
};

struct Row {
  std::string name;                  // "create 3x2, Valkey 8.0.1"
  std::optional<double> value;       // ours; absent where only the peer was measured
  std::string unit;                  // "ms", "MiB", "% of a core"
  std::string peer;                  // "valkey-cli --cluster create"; empty: there is none
  std::optional<double> peer_value;  // measured in the same run, on the same machine, in the same unit
  Bar bar;

  // value / peer_value where both are known and the peer's is not 0.
  std::optional<double> ratio() const;
  // Absent without a bar or without what it compares.
  std::optional<bool> holds() const;
};

// Aligned columns, one row a line, below a heading.
std::string to_table(const std::vector<Row>& rows);

// A list of {name, value, unit, peer, peer_value, ratio, bar, holds}; what is absent is null.
std::string to_json(const std::vector<Row>& rows);

// "<= 200 ms", "<= 0.3 x peer", ">= 5 x peer"; "" for none.
std::string to_string(const Bar& bar, const std::string& unit);

}  // namespace shardkeeper::bench
