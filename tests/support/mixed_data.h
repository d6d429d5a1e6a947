// Many keys of every kind and size, written fast and read back exactly: what has to be there after slots have moved.
#pragma once

#include "tests/support/cluster_client.h"

#include <cstdint>
#include <string>
#include <vector>

namespace shardkeeper::test {

struct MixedDataOptions {
  ClusterClientOptions client;
  std::uint64_t keys = 1'000'000;
  std::size_t big_value_bytes = 50'000'000;  // of one string more; 0: none
  std::int64_t expire_at_ms = 0;             // Unix time at which the keys that expire do so; later than the test takes
  std::string prefix = "data";
};

// What reading back found. Examples: at most 20 keys, with what was expected.
struct DataReport {
  std::uint64_t read = 0;
  std::uint64_t missing = 0;
  std::uint64_t wrong = 0;
  std::uint64_t unreadable = 0;
  std::uint64_t expiring = 0;            // keys with a time to live among those read
  std::int64_t expiry_off_ms_worst = 0;  // by how much the furthest of these is off
  std::vector<std::string> examples;

  bool is_clean() const { return missing == 0 && wrong == 0 && unreadable == 0; }
};
std::string to_text(const DataReport& report);

// Key number n is a function of n, so that nothing has to be remembered: of 20 keys 14 are short strings, and one each is a string of 1 KiB,
// a hash, a stream, a list, a sorted set and a string that expires. THREAD one.
class MixedData {
 public:
  explicit MixedData(MixedDataOptions options) : options_(std::move(options)) {}

  // Pipelined, one connection and thread a primary; returns once `replicas` of each primary have all. Throws std::runtime_error.
  void write(int replicas) const;

  // Reads every `stride`th key, from number `first` on, and the big value, following redirections.
  DataReport read(std::uint64_t first = 0, std::uint64_t stride = 1) const;

  std::uint64_t count() const { return options_.keys + (options_.big_value_bytes != 0 ? 1 : 0); }

 private:
  std::string name_of(std::uint64_t number) const { return options_.prefix + ":" + std::to_string(number); }
  std::string big_name() const { return options_.prefix + ":big"; }
  std::string big_value() const;
  std::vector<std::string> write_call(std::uint64_t number) const;
  std::vector<std::string> read_call(std::uint64_t number) const;
  void write_to(const SlotOwner& owner, int replicas) const;
  void read_some(std::uint64_t first, std::uint64_t stride, DataReport& report) const;
  void read_big(DataReport& report) const;
  void judge(std::uint64_t number, const Result<valkey::Reply>& reply, DataReport& report) const;
  bool is_right(std::uint64_t number, const valkey::Reply& reply, DataReport& report) const;

  MixedDataOptions options_;
};

}  // namespace shardkeeper::test
