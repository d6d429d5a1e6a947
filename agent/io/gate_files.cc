#include "agent/io/gate_files.h"

#include "agent/io/volume_files.h"
#include "agent/io/volume_layout.h"

#include <algorithm>

namespace shardkeeper::agent {
namespace {

constexpr std::size_t kEvidenceLengthMax = 1000;

bool is_start_id(std::string_view text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == static_cast<std::size_t>(layout::kStartIdLength) && std::ranges::all_of(text, is_hex);
}

// Without its end; none where no line is complete.
std::optional<std::string_view> first_line(std::string_view text) {
  const auto end = text.find('\n');
  return end == std::string_view::npos ? std::nullopt : std::optional(text.substr(0, end));
}

std::string as_one_line(std::string_view text) {
  std::string line(text.substr(0, kEvidenceLengthMax));
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return line;
}

}  // namespace

Result<StartRequest> parse_request(std::string_view text) {
  Error wrong = invalid(layout::kRequest, "expected a start id of 32 hexadecimal digits and a version");
  const auto line = first_line(text);
  if (!line || line->size() != text.size() - 1) return wrong;
  const auto space = line->find(' ');
  if (space == std::string_view::npos || !is_start_id(line->substr(0, space))) return wrong;
  const auto version = ServerVersion::parse(line->substr(space + 1));
  if (!version) return version.error();
  return StartRequest{StartId(std::string(line->substr(0, space))), *version};
}

std::optional<StartRequest> read_request(const std::filesystem::path& volume) {
  const auto text = read_small_file(volume / layout::kRequest, layout::kGateFileBytesMax);
  if (!text) return std::nullopt;
  const auto request = parse_request(*text);
  return request ? std::optional(*request) : std::nullopt;
}

std::optional<StartId> read_grant(const std::filesystem::path& volume) {
  const auto text = read_small_file(volume / layout::kGrant, layout::kGateFileBytesMax);
  if (!text) return std::nullopt;
  const auto line = first_line(*text);
  return line && is_start_id(*line) ? std::optional(StartId(std::string(*line))) : std::nullopt;
}

Result<void> write_grant(const std::filesystem::path& volume, const StartId& id, std::string_view evidence) {
  return replace_file(volume / layout::kGrant, id.value + "\n" + as_one_line(evidence) + "\n");
}

}  // namespace shardkeeper::agent
