#include "tests/support/cluster_client.h"

#include "tests/support/key_slot.h"

#include <algorithm>
#include <charconv>
#include <thread>

namespace shardkeeper::test {
namespace {

using valkey::Reply;
using Clock = std::chrono::steady_clock;

constexpr int kRedirectsAtOnceMax = 5;  // then a pause: two nodes may point at each other while a slot changes hands
constexpr std::size_t kPipelineMax = 256;
constexpr int kUnansweredInARowMax = 3;
constexpr auto kRefreshEvery = std::chrono::milliseconds(100);  // while slots move one by one, each of them says MOVED

std::string first_word(const std::string& text) { return text.substr(0, text.find(' ')); }

// "MOVED 3999 127.0.0.1:6381" and "ASK …"; nothing for anything else ("MOVED 3999 :6381" has no address).
std::optional<Endpoint> redirection(const std::string& text) {
  const auto blank = text.rfind(' ');
  const auto colon = text.rfind(':');
  if (blank == std::string::npos || colon == std::string::npos || colon <= blank + 1) return std::nullopt;
  Endpoint to{.ip = text.substr(blank + 1, colon - blank - 1)};
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data() + colon + 1, end, to.port).ptr != end || to.port == 0) return std::nullopt;
  return to;
}

bool is_retried(const std::string& word) {
  return word == "TRYAGAIN" || word == "CLUSTERDOWN" || word == "LOADING" || word == "NOREPLICAS";
}

std::optional<Endpoint> node_of(const Reply& entry) {
  if (entry.items.size() < 3 || entry.items[0].text.empty() || entry.items[1].integer <= 0) return std::nullopt;
  return Endpoint{.ip = entry.items[0].text, .port = static_cast<std::uint16_t>(entry.items[1].integer)};
}

}  // namespace

std::vector<SlotOwner> parse_cluster_slots(const Reply& reply) {
  std::vector<SlotOwner> owners;
  for (const Reply& row : reply.items) {
    if (row.items.size() < 3) continue;
    const auto primary = node_of(row.items[2]);
    const auto first = row.items[0].integer, last = row.items[1].integer;
    if (!primary || first < 0 || last < first || last >= kSlotCount) continue;
    const std::string id = row.items[2].items[2].text;
    auto owner = std::find_if(owners.begin(), owners.end(), [&](const SlotOwner& o) { return o.node_id == id; });
    if (owner == owners.end()) {
      owner = owners.insert(owners.end(), SlotOwner{id, *primary, {}, {}});
      for (std::size_t i = 3; i < row.items.size(); ++i)
        if (const auto replica = node_of(row.items[i])) owner->replicas.push_back(*replica);
    }
    owner->slots.add({static_cast<int>(first), static_cast<int>(last)});
  }
  return owners;
}

struct ClusterClient::Attempt {
  int redirects_at_once = 0;
  bool was_moved = false;
  std::optional<Endpoint> asked;  // the next attempt goes there, after ASKING
  std::string trouble;            // the last one, for the report
  Reply reply;
};

ClusterClient::ClusterClient(ClusterClientOptions options) : options_(std::move(options)), nodes_(options_.seeds), owners_(kSlotCount) {}

void ClusterClient::learn(const Endpoint& node) {
  if (std::find(nodes_.begin(), nodes_.end(), node) == nodes_.end()) nodes_.push_back(node);
}

Result<std::vector<SlotOwner>> ClusterClient::load_topology() {
  std::string trouble = "no seeds";
  for (const Endpoint& node : std::vector<Endpoint>(nodes_)) {
    const auto reply = ask(node, {"CLUSTER", "SLOTS"});
    auto owners = reply && !reply->is_error() ? parse_cluster_slots(*reply) : std::vector<SlotOwner>{};
    if (owners.empty()) {
      trouble = to_string(node) + ": " + (!reply ? reply.error().detail : reply->is_error() ? reply->text : "knows no slots");
      continue;
    }
    take(owners);
    return owners;
  }
  return unavailable("cluster", "no node tells who serves the slots; the last one said: " + trouble);
}

void ClusterClient::take(const std::vector<SlotOwner>& owners) {
  for (const SlotOwner& owner : owners) {
    learn(owner.primary);
    for (const Endpoint& replica : owner.replicas) learn(replica);
    for (const SlotRange range : owner.slots.ranges())
      for (int slot = range.first; slot <= range.last; ++slot) owners_[static_cast<std::size_t>(slot)] = owner.primary;
  }
}

// A slot that has a new owner is seldom the only one: without this every slot of a dead shard would find out by itself.
void ClusterClient::refresh(const Endpoint& node) {
  if (Clock::now() - refreshed_ < kRefreshEvery) return;
  refreshed_ = Clock::now();
  const auto reply = ask(node, {"CLUSTER", "SLOTS"});
  if (reply && !reply->is_error()) take(parse_cluster_slots(*reply));
}

void ClusterClient::forget_owner(const Endpoint& node) {
  for (auto& owner : owners_)
    if (owner == node) owner = std::nullopt;
}

SyncClient* ClusterClient::connection(const Endpoint& node, std::string& trouble) {
  if (const auto known = connections_.find(node); known != connections_.end()) return &known->second;
  auto made = SyncClient::connect(node.ip, node.port, options_.reply_timeout, options_.login);
  if (made) return &connections_.emplace(node, std::move(*made)).first->second;
  trouble = to_string(made.error());
  return nullptr;
}

Result<Reply> ClusterClient::ask(const Endpoint& node, const std::vector<std::string>& arguments) {
  std::string trouble;
  SyncClient* client = connection(node, trouble);
  auto reply = client != nullptr ? client->call(arguments) : Result<Reply>(unavailable(to_string(node), trouble));
  if (!reply) {
    connections_.erase(node);
    ++counts_.reconnected;
  }
  return reply;
}

// The owner; without a known one everybody in turn, who will say MOVED.
Endpoint ClusterClient::owner_or_any(int slot) {
  const auto& owner = owners_[static_cast<std::size_t>(slot)];
  return owner ? *owner : nodes_[next_node_++ % nodes_.size()];
}

ClusterClient::Next ClusterClient::read_error(int slot, const std::string& text, Attempt& state) {
  const std::string word = first_word(text);
  const bool redirected = word == "MOVED" || word == "ASK";
  if (!redirected || state.trouble.empty()) state.trouble = text;  // where one was sent is less telling than why one waits
  if (is_retried(word)) {
    // A cut-off or fenced primary would say so for ever; its peers know who has the slot now. TRYAGAIN is about the keys, not the node.
    if (word != "TRYAGAIN") owners_[static_cast<std::size_t>(slot)] = std::nullopt;
    return Next::kAfterPause;
  }
  if (!redirected) return Next::kDone;
  const auto to = redirection(text);
  if (!to) return Next::kAfterPause;
  learn(*to);
  if (word == "MOVED") {
    ++counts_.moved;
    state.was_moved = true;
    owners_[static_cast<std::size_t>(slot)] = to;
  } else {
    ++counts_.asked;
    state.asked = to;
  }
  return ++state.redirects_at_once <= kRedirectsAtOnceMax ? Next::kNow : Next::kAfterPause;
}

ClusterClient::Next ClusterClient::attempt(int slot, const std::vector<std::string>& arguments, Attempt& state) {
  const Endpoint node = state.asked ? *state.asked : owner_or_any(slot);
  const bool asking = std::exchange(state.asked, std::nullopt).has_value();
  auto reply = asking ? ask(node, {"ASKING"}) : Result<Reply>(Reply{});
  if (reply && !reply->is_error()) reply = ask(node, arguments);
  if (!reply) {
    // Ask somebody else next time: the owner may be dead, and whoever replaces it says so, or its peers do.
    forget_owner(node);
    state.trouble = to_string(reply.error());
    return Next::kAfterPause;
  }
  if (reply->is_error()) {
    const Next next = read_error(slot, reply->text, state);
    state.reply = std::move(*reply);
    return next;
  }
  if (!asking) owners_[static_cast<std::size_t>(slot)] = node;
  if (!asking && state.was_moved) refresh(node);
  state.reply = std::move(*reply);
  return Next::kDone;
}

Result<Reply> ClusterClient::call(int slot, const std::vector<std::string>& arguments) {
  const auto deadline = Clock::now() + options_.give_up_after;
  Attempt state;
  while (true) {
    const auto began = Clock::now();
    const Next next = attempt(slot, arguments, state);
    if (next == Next::kDone) {
      if (!state.reply.is_error()) return state.reply;
      return refused("slot " + std::to_string(slot), state.reply.text);
    }
    if (Clock::now() >= deadline) return unknown_outcome("slot " + std::to_string(slot), state.trouble);
    if (next == Next::kNow) continue;
    state.redirects_at_once = 0;
    ++counts_.retried;
    std::this_thread::sleep_until(std::min(began + options_.retry_every, deadline));
  }
}

std::vector<Result<Reply>> ClusterClient::call_all(const std::vector<int>& slots, const std::vector<std::vector<std::string>>& commands) {
  std::vector<std::optional<Reply>> early(commands.size());
  std::map<Endpoint, std::vector<std::size_t>> by_owner;
  for (std::size_t i = 0; i < commands.size(); ++i)
    if (const auto& owner = owners_[static_cast<std::size_t>(slots[i])]) by_owner[*owner].push_back(i);
  for (const auto& [node, indexes] : by_owner)
    for (std::size_t first = 0; first < indexes.size(); first += kPipelineMax) {
      const auto last = std::min(first + kPipelineMax, indexes.size());
      std::vector<std::vector<std::string>> batch;
      for (std::size_t i = first; i < last; ++i) batch.push_back(commands[indexes[i]]);
      std::string trouble;
      SyncClient* client = connection(node, trouble);
      auto replies = client != nullptr ? client->pipeline(batch) : Result<std::vector<Reply>>(unavailable(to_string(node), trouble));
      if (!replies) {
        connections_.erase(node);
        break;
      }
      for (std::size_t i = first; i < last; ++i)
        if (!(*replies)[i - first].is_error()) early[indexes[i]] = std::move((*replies)[i - first]);
    }
  std::vector<Result<Reply>> results;
  results.reserve(commands.size());
  int unanswered = 0;
  Error trouble;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (early[i]) {
      results.push_back(std::move(*early[i]));
      continue;
    }
    auto result = unanswered < kUnansweredInARowMax ? call(slots[i], commands[i]) : Result<Reply>(trouble);
    const bool failed = !result && result.error().kind == ErrorKind::kUnknownOutcome;
    unanswered = failed ? unanswered + 1 : 0;
    if (failed) trouble = result.error();
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace shardkeeper::test
