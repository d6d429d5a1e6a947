// How far the server's own migration is: it tells bytes, people want keys. Pure.
#pragma once

#include "common/error/result.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace shardkeeper::agent {

// What INFO (memory, stats, keyspace) says about exports.
struct ExportSample {
  std::optional<std::uint64_t> exported_bytes;  // of all slot migrations since the server's start; absent: it does not count them
  std::uint64_t dataset_bytes = 0;
  std::uint64_t keys = 0;

  bool operator==(const ExportSample&) const = default;
};
// ERRORS kInvalid: not such a text.
Result<ExportSample> read_export_sample(std::string_view info);

// One job, part after part. Bytes are the server's own count of what it sent; where it has none they follow from keys and their mean size.
// Keys of the part under way follow from bytes: what is sent against what it will be.
class ExportMeter {
 public:
  void begin_part(std::uint64_t keys, const ExportSample& now);
  // `left_bytes`: of the part, where the server tells; it does once the snapshot is sent.
  void see(const ExportSample& now, std::optional<std::uint64_t> left_bytes);
  void end_part();

  std::uint64_t keys_done() const { return keys_before_ + keys_of_part_; }
  std::uint64_t bytes_done() const { return bytes_before_ + bytes_of_part_; }

 private:
  std::uint64_t keys_before_ = 0;  // of parts that are done
  std::uint64_t bytes_before_ = 0;
  std::uint64_t part_keys_ = 0;
  std::uint64_t keys_of_part_ = 0;  // never all of them before its end
  std::uint64_t bytes_of_part_ = 0;
  std::optional<std::uint64_t> counter_;  // as seen last
  double key_bytes_ = 0;                  // of a key, expected
};

}  // namespace shardkeeper::agent
