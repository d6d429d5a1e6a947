#include "common/valkey/parse/cluster_nodes.h"

#include "common/valkey/parse/quote.h"
#include "common/valkey/parse/split.h"

#include <arpa/inet.h>
#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace shardkeeper::valkey::parse {
namespace {

constexpr std::size_t kBytesMax = 8U << 20U;
constexpr int kLinesMax = 2'000;

// What one line says. `reason` in the errors below is completed with the line's number by the caller.
struct Line {
  NodeRow row;
  std::vector<OpenSlot> open_slots;
  bool is_handshake = false;
};

Error bad(std::string reason) { return invalid("", std::move(reason)); }

bool is_ip_literal(const std::string& ip) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return inet_pton(AF_INET, ip.c_str(), ignored.data()) == 1 || inet_pton(AF_INET6, ip.c_str(), ignored.data()) == 1;
}

// `ip:port@cport`, then optionally `,hostname` and in nodes.conf `,name=value…`. An IPv6 address holds colons itself.
Result<Endpoint> parse_address(std::string_view field) {
  const auto address = field.substr(0, field.find(','));
  const auto at = address.find('@');
  const auto colon = address.substr(0, at).rfind(':');
  if (at == std::string_view::npos || colon == std::string_view::npos)
    return bad("address " + quote(field) + " is not like ip:port@busport");
  const auto port = whole_number<std::uint16_t>(address.substr(colon + 1, at - colon - 1));
  const auto bus_port = whole_number<std::uint16_t>(address.substr(at + 1));
  if (!port || !bus_port) return bad("address " + quote(field) + " has a port that is not 0..65535");
  Endpoint endpoint{.ip = std::string(address.substr(0, colon)), .port = *port, .bus_port = *bus_port};
  if (!endpoint.ip.empty() && !is_ip_literal(endpoint.ip))
    return bad("address " + quote(field) + " does not begin with an IPv4 or IPv6 address; set cluster-announce-ip to one");
  return endpoint;
}

Result<void> apply_flags(std::string_view flags, Line& line) {
  auto& row = line.row;
  std::optional<Role> role;
  for (auto rest = flags; !rest.empty();) {
    const auto flag = cut(rest, ',');
    if (flag == "master" || flag == "primary") role = Role::kPrimary;
    if (flag == "slave" || flag == "replica") role = Role::kReplica;
    if (flag == "myself") row.is_myself = true;
    if (flag == "fail?") row.is_suspected = true;
    if (flag == "fail") row.is_failed = true;
    if (flag == "noaddr") row.has_no_address = true;
    if (flag == "handshake") line.is_handshake = true;
  }
  if (!role && !line.is_handshake) return bad("flags " + quote(flags) + " name neither master nor slave");
  row.role = role.value_or(Role::kPrimary);
  return {};
}

// `[100->-id]` is leaving to id, `[100-<-id]` is arriving from it.
Result<OpenSlot> parse_open_slot(std::string_view word) {
  constexpr std::string_view kArrow = "->-";
  const auto dash = word.find('-');
  const auto slot = whole_number<int>(word.substr(0, dash));
  if (!slot || *slot < 0 || *slot >= kSlotCount || dash == std::string_view::npos) return bad("open slot " + quote(word) + " is malformed");
  const auto arrow = word.substr(dash, kArrow.size());
  const auto peer = NodeId::parse(word.substr(std::min(word.size(), dash + kArrow.size())));
  if (!peer || (arrow != kArrow && arrow != "-<-")) return bad("open slot " + quote(word) + " is malformed");
  using enum OpenSlot::Direction;
  return OpenSlot{.slot = *slot, .direction = arrow == kArrow ? kMigrating : kImporting, .peer = *peer};
}

// `7` or `0-5460`. REQUIRED above the ones before: keeps each addition constant in cost, whatever the peer sends.
Result<void> add_slots(std::string_view word, SlotSet& slots) {
  const auto dash = word.find('-');
  const auto first = whole_number<int>(word.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : whole_number<int>(word.substr(dash + 1));
  if (!first || !last || *first < 0 || *first > *last || *last >= kSlotCount)
    return bad("slots " + quote(word) + " are not within 0..16383");
  if (!slots.empty() && *first <= slots.ranges().back().last) return bad("slots " + quote(word) + " are not in ascending order");
  slots.add({*first, *last});
  return {};
}

Result<void> apply_slots(std::string_view words, Line& line) {
  while (!words.empty()) {
    const auto word = cut(words, ' ');
    if (!word.starts_with('[')) {
      if (auto added = add_slots(word, line.row.slots); !added) return added;
      continue;
    }
    if (!word.ends_with(']')) return bad("open slot " + quote(word) + " is malformed");
    auto open = parse_open_slot(word.substr(1, word.size() - 2));
    if (!open) return open.error();
    if (line.open_slots.size() >= kSlotCount) return bad("more open slots than slots exist");
    line.open_slots.push_back(*std::move(open));
  }
  return {};
}

Result<Line> parse_line(std::string_view text) {
  // <id> <address> <flags> <primary> <ping-sent> <pong-recv> <epoch> <link> [slots…]
  constexpr std::size_t kFields = 8;
  std::array<std::string_view, kFields> fields;
  auto rest = text;
  for (auto& field : fields) {
    field = cut(rest, ' ');
    if (field.empty()) return bad("expected 8 fields or more, got " + quote(text));
  }
  const auto& [id_text, address, flags, primary, ping_sent, pong_received, epoch_text, link] = fields;

  const auto id = NodeId::parse(id_text);
  if (!id) return bad("node id " + quote(id_text) + " is not 40 hexadecimal digits");
  Line line{.row = {.id = *id}};
  const auto endpoint = parse_address(address);
  if (!endpoint) return endpoint.error();
  line.row.endpoint = *endpoint;
  if (auto applied = apply_flags(flags, line); !applied) return applied.error();
  if (primary != "-") {
    const auto primary_id = NodeId::parse(primary);
    if (!primary_id) return bad("primary id " + quote(primary) + " is neither - nor 40 hexadecimal digits");
    line.row.primary_id = *primary_id;
  }
  const auto epoch = whole_number<std::uint64_t>(epoch_text);
  if (!epoch || !whole_number<std::int64_t>(ping_sent) || !whole_number<std::int64_t>(pong_received))
    return bad("ping, pong or epoch is not a number in " + quote(text.substr(static_cast<std::size_t>(ping_sent.data() - text.data()))));
  line.row.config_epoch = Epoch{*epoch};
  if (link != "connected" && link != "disconnected") return bad("link state " + quote(link) + " is neither connected nor disconnected");
  line.row.link_connected = link == "connected";
  if (auto applied = apply_slots(rest, line); !applied) return applied.error();
  return line;
}

// Sorts the rows and refuses what no server prints.
Result<ClusterNodes> finish(ClusterNodes nodes, std::string_view where) {
  auto& rows = nodes.view.rows;
  std::ranges::sort(rows, {}, &NodeRow::id);
  const auto twin = std::ranges::adjacent_find(rows, {}, &NodeRow::id);
  if (twin != rows.end()) return invalid(std::string(where), "two lines for node " + twin->id.str());
  if (std::ranges::count_if(rows, &NodeRow::is_myself) > 1) return invalid(std::string(where), "two lines flagged myself");
  return nodes;
}

enum class Vars { kRefuse, kSkip };

Result<ClusterNodes> parse_lines(std::string_view text, std::string_view where, Vars vars) {
  if (text.size() > kBytesMax) return invalid(std::string(where), "longer than 8 MiB");
  ClusterNodes nodes;
  for (int number = 1; !text.empty(); ++number) {
    if (number > kLinesMax) return invalid(std::string(where), "more than 2000 lines");
    const auto text_line = cut_line(text);
    if (text_line.empty() || (vars == Vars::kSkip && text_line.starts_with("vars "))) continue;
    auto line = parse_line(text_line);
    if (!line) return invalid(std::string(where) + " line " + std::to_string(number), line.error().detail);
    if (line->is_handshake) continue;
    if (line->row.is_myself) std::ranges::move(line->open_slots, std::back_inserter(nodes.open_slots));
    nodes.view.rows.push_back(std::move(line->row));
  }
  return finish(std::move(nodes), where);
}

}  // namespace

const NodeRow* ClusterNodes::myself() const {
  const auto it = std::ranges::find_if(view.rows, &NodeRow::is_myself);
  return it != view.rows.end() ? &*it : nullptr;
}

Result<ClusterNodes> parse_cluster_nodes(std::string_view text) { return parse_lines(text, "CLUSTER NODES", Vars::kRefuse); }

Result<ClusterNodes> parse_nodes_conf(std::string_view text) { return parse_lines(text, "nodes.conf", Vars::kSkip); }

}  // namespace shardkeeper::valkey::parse
