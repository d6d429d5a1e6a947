#include "common/rpc/convert/reader.h"

#include <arpa/inet.h>

#include <array>

namespace shardkeeper::rpc::convert {
namespace {

NodeId no_id() { return NodeId::parse(std::string(NodeId::kLength, '0')).value(); }

bool is_address(const std::string& ip) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, ip.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, ip.c_str(), bytes.data()) == 1;
}

}  // namespace

void Reader::fail(std::string_view field, const std::string& reason) {
  if (!error_) error_ = invalid(std::string(message_), std::string(field) + ": " + reason);
}

std::string Reader::text(std::string_view field, const std::string& value, Empty empty, std::size_t bytes_max) {
  if (value.empty() && empty == Empty::kRefused) fail(field, "is empty");
  if (value.size() <= bytes_max) return value;
  fail(field, std::to_string(value.size()) + " bytes, at most " + std::to_string(bytes_max));
  return {};
}

NodeId Reader::id(std::string_view field, const std::string& value) {
  auto parsed = NodeId::parse(value);
  if (parsed) return *parsed;
  fail(field, parsed.error().detail);
  return no_id();
}

std::optional<NodeId> Reader::optional_id(std::string_view field, const std::string& value) {
  if (value.empty()) return std::nullopt;
  return id(field, value);
}

Endpoint Reader::endpoint(std::string_view field, const pb::Endpoint& value) {
  if (!value.ip().empty() && !is_address(value.ip())) fail(field, "\"" + value.ip().substr(0, 60) + "\" is no IP address");
  if (value.port() > 65535 || value.bus_port() > 65535) fail(field, "a port is above 65535");
  return {value.ip(), static_cast<std::uint16_t>(value.port()), static_cast<std::uint16_t>(value.bus_port())};
}

SlotSet Reader::slots(std::string_view field, const google::protobuf::RepeatedPtrField<pb::SlotRange>& ranges) {
  SlotSet slots;
  if (!count(field, ranges.size(), kSlotRangesMax)) return slots;
  for (const auto& range : ranges) {
    if (range.first() > range.last() || range.last() >= kSlotCount) {
      fail(field, std::to_string(range.first()) + "-" + std::to_string(range.last()) + " is no range within 0..16383");
      return slots;
    }
    slots.add({static_cast<int>(range.first()), static_cast<int>(range.last())});
  }
  return slots;
}

std::chrono::milliseconds Reader::duration(std::string_view field, std::uint64_t ms) {
  if (ms <= static_cast<std::uint64_t>(kDurationMax.count())) return std::chrono::milliseconds(ms);
  fail(field, std::to_string(ms) + " ms is longer than ten years");
  return std::chrono::milliseconds(0);
}

bool Reader::count(std::string_view field, int size, int size_max) {
  if (size <= size_max) return true;
  fail(field, std::to_string(size) + " entries, at most " + std::to_string(size_max));
  return false;
}

void to_proto(const Endpoint& endpoint, pb::Endpoint& out) {
  out.set_ip(endpoint.ip);
  out.set_port(endpoint.port);
  out.set_bus_port(endpoint.bus_port);
}

void to_proto(const SlotSet& slots, google::protobuf::RepeatedPtrField<pb::SlotRange>& out) {
  for (const auto& range : slots.ranges()) {
    auto& added = *out.Add();
    added.set_first(static_cast<std::uint32_t>(range.first));
    added.set_last(static_cast<std::uint32_t>(range.last));
  }
}

}  // namespace shardkeeper::rpc::convert
