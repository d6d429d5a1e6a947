#include "agent/migrate/export_meter.h"

#include "common/valkey/parse/info.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace shardkeeper::agent {
namespace {

// "db0:keys=5,expires=0,…" of every database.
std::uint64_t keys_of(const valkey::parse::Info& info) {
  constexpr int kDatabasesMax = 64;
  constexpr std::string_view kField = "keys=";
  std::uint64_t keys = 0;
  for (int database = 0; database < kDatabasesMax; ++database) {
    const auto line = info.get("db" + std::to_string(database));
    if (!line || !line->starts_with(kField)) continue;
    const std::string_view digits = line->substr(kField.size());
    std::uint64_t of_database = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), of_database);  // up to the comma
    keys += of_database;
  }
  return keys;
}

}  // namespace

Result<ExportSample> read_export_sample(std::string_view text) {
  const auto info = valkey::parse::Info::parse(text);
  if (!info) return info.error();
  return ExportSample{.exported_bytes = info->number("total_net_cluster_slot_export_bytes"),
                      .dataset_bytes = info->number("used_memory_dataset").value_or(0),
                      .keys = keys_of(*info)};
}

void ExportMeter::begin_part(std::uint64_t keys, const ExportSample& now) {
  part_keys_ = keys;
  keys_of_part_ = 0;
  bytes_of_part_ = 0;
  counter_ = now.exported_bytes;
  // The parts before tell best what a key takes on the wire.
  if (keys_before_ > 0 && bytes_before_ > 0)
    key_bytes_ = static_cast<double>(bytes_before_) / static_cast<double>(keys_before_);
  else if (now.keys > 0)
    key_bytes_ = static_cast<double>(now.dataset_bytes) / static_cast<double>(now.keys);
}

void ExportMeter::see(const ExportSample& now, std::optional<std::uint64_t> left_bytes) {
  if (!now.exported_bytes || !counter_) return;
  bytes_of_part_ += *now.exported_bytes >= *counter_ ? *now.exported_bytes - *counter_ : *now.exported_bytes;  // CONFIG RESETSTAT
  counter_ = now.exported_bytes;
  if (part_keys_ == 0) return;
  const double sent = static_cast<double>(bytes_of_part_);
  const double whole = left_bytes ? sent + static_cast<double>(*left_bytes) : key_bytes_ * static_cast<double>(part_keys_);
  const double fraction = whole > 0 ? std::min(1.0, sent / whole) : 0;
  const auto keys = static_cast<std::uint64_t>(fraction * static_cast<double>(part_keys_));
  keys_of_part_ = std::max(keys_of_part_, std::min(keys, part_keys_ - 1));
}

void ExportMeter::end_part() {
  const auto expected = static_cast<std::uint64_t>(key_bytes_ * static_cast<double>(part_keys_));
  bytes_before_ += counter_ ? bytes_of_part_ : expected;
  keys_before_ += part_keys_;
  part_keys_ = keys_of_part_ = bytes_of_part_ = 0;
}

}  // namespace shardkeeper::agent
