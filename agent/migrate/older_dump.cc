#include "agent/migrate/older_dump.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>

namespace shardkeeper::agent {
namespace {

constexpr std::uint64_t kPolynomial = 0x95ac9329ac4bc9b5;  // Jones', lowest bit first

constexpr std::array<std::uint64_t, 256> make_table() {
  std::array<std::uint64_t, 256> table{};
  for (std::uint64_t byte = 0; byte < table.size(); ++byte) {
    std::uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ kPolynomial : crc >> 1;
    table[byte] = crc;
  }
  return table;
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) number = (number << 8U) | static_cast<std::uint8_t>(bytes[i]);
  return number;
}

void append_little_endian(std::uint64_t number, int bytes, std::string& out) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>((number >> (8 * i)) & 0xff));
}

// "*5\r\n" and "$12\r\n": the number behind `mark`.
std::optional<std::size_t> number_in(std::string_view line, char mark) {
  if (line.size() < 4 || line.front() != mark || !line.ends_with("\r\n")) return std::nullopt;
  std::size_t number = 0;
  const char* const end = line.data() + line.size() - 2;
  const auto [stopped, error] = std::from_chars(line.data() + 1, end, number);
  return error == std::errc() && stopped == end ? std::optional(number) : std::nullopt;
}

constexpr std::size_t kLineBytesMax = 32;
constexpr std::size_t kNameBytesMax = 32;

}  // namespace

std::uint64_t dump_crc(std::uint64_t crc, std::string_view bytes) {
  static constexpr auto kTable = make_table();
  for (const char byte : bytes) crc = kTable[(crc ^ static_cast<std::uint8_t>(byte)) & 0xff] ^ (crc >> 8U);
  return crc;
}

void OlderDump::feed(std::string_view piece, std::string& out) {
  if (is_first_ && !piece.empty()) {
    const auto kind = static_cast<std::uint8_t>(piece.front());
    is_later_kind_ = kind > kOlderDumpKindMax && kind != kDumpOfFunctions;
    is_first_ = false;
  }
  const std::size_t value_left = left_ > kFooterBytes ? left_ - kFooterBytes : 0;
  const std::string_view value = piece.substr(0, std::min(value_left, piece.size()));
  crc_ = dump_crc(crc_, value);
  out += value;
  footer_ += piece.substr(value.size());
  left_ -= std::min(left_, piece.size());
  if (left_ == 0) end(out);
}

void OlderDump::end(std::string& out) const {
  const std::string_view footer = footer_;
  if (is_later_kind_ || footer.size() != kFooterBytes || little_endian(footer.substr(0, 2)) <= kOlderDumpVersion ||
      dump_crc(crc_, footer.substr(0, 2)) != little_endian(footer.substr(2))) {
    out += footer;
    return;
  }
  std::string version;
  append_little_endian(kOlderDumpVersion, 2, version);
  out += version;
  append_little_endian(dump_crc(crc_, version), 8, out);
}

std::string older_dump(std::string_view dump) {
  std::string out;
  OlderDump(dump.size()).feed(dump, out);
  return out;
}

std::string OlderRequests::feed(std::string_view piece) {
  std::string out;
  out.reserve(piece.size() + kLineBytesMax);
  while (!piece.empty()) {
    if (at_ == At::kPassing) {
      out += piece;
      break;
    }
    piece.remove_prefix(at_ == At::kBody ? take_body(piece, out) : take_line(piece, out));
  }
  return out;
}

// A count, a size, or the two bytes behind a body.
std::size_t OlderRequests::take_line(std::string_view piece, std::string& out) {
  const auto end = piece.find('\n');
  const std::size_t taken = end == std::string_view::npos ? piece.size() : end + 1;
  line_ += piece.substr(0, taken);
  out += piece.substr(0, taken);
  if (end != std::string_view::npos)
    on_line();
  else if (line_.size() > kLineBytesMax)
    at_ = At::kPassing;
  return taken;
}

void OlderRequests::on_line() {
  const std::string line = std::exchange(line_, {});
  if (at_ == At::kCount) {
    const auto count = number_in(line, '*');
    arguments_left_ = count.value_or(0);
    argument_ = 0;
    at_ = count && *count > 0 ? At::kSize : At::kPassing;
    return;
  }
  if (at_ == At::kAfterBody) {
    ++argument_;
    at_ = line != "\r\n" ? At::kPassing : --arguments_left_ == 0 ? At::kCount : At::kSize;
    return;
  }
  const auto size = number_in(line, '$');
  at_ = !size ? At::kPassing : *size == 0 ? At::kAfterBody : At::kBody;
  body_left_ = size.value_or(0);
  if (argument_ == 0) name_.clear();
  if (is_dump()) dump_ = OlderDump(body_left_);
}

std::size_t OlderRequests::take_body(std::string_view piece, std::string& out) {
  const std::string_view body = piece.substr(0, std::min(body_left_, piece.size()));
  if (argument_ == 0 && name_.size() < kNameBytesMax)
    for (const char c : body.substr(0, kNameBytesMax)) name_.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  if (is_dump())
    dump_.feed(body, out);
  else
    out += body;
  body_left_ -= body.size();
  if (body_left_ == 0) at_ = At::kAfterBody;
  return body.size();
}

}  // namespace shardkeeper::agent
