#include "tests/support/key_slot.h"

#include "common/types/slot_set.h"

#include <array>
#include <cstdint>
#include <vector>

namespace shardkeeper::test {
namespace {

constexpr std::uint16_t kPolynomial = 0x1021;

constexpr std::array<std::uint16_t, 256> make_crc_table() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ kPolynomial : crc << 1;
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}

std::uint16_t crc16(std::string_view text) {
  static constexpr auto kTable = make_crc_table();
  unsigned crc = 0;
  for (const char c : text) crc = ((crc << 8) & 0xffff) ^ kTable[(crc >> 8) ^ static_cast<unsigned char>(c)];
  return static_cast<std::uint16_t>(crc);
}

std::vector<std::string> make_tags() {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::vector<std::string> tags(kSlotCount);
  for (int number = 0, missing = kSlotCount; missing > 0; ++number) {
    std::string tag;
    for (int rest = number; rest > 0 || tag.empty(); rest /= 36) tag += kDigits[static_cast<std::size_t>(rest % 36)];
    std::string& place = tags[static_cast<std::size_t>(key_slot(tag))];
    if (!place.empty()) continue;
    place = tag;
    --missing;
  }
  return tags;
}

}  // namespace

int key_slot(std::string_view key) {
  if (const auto open = key.find('{'); open != std::string_view::npos)
    if (const auto close = key.find('}', open + 1); close != std::string_view::npos && close > open + 1)
      key = key.substr(open + 1, close - open - 1);
  return crc16(key) % kSlotCount;
}

const std::string& tag_of_slot(int slot) {
  static const std::vector<std::string> tags = make_tags();
  return tags.at(static_cast<std::size_t>(slot));
}

}  // namespace shardkeeper::test
