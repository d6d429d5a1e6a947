#include "tests/support/slot_writer.h"

#include "tests/support/key_slot.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <random>

namespace shardkeeper::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadAtOnce = 2000;
constexpr std::size_t kExamplesMax = 20, kReasonsMax = 20;

std::vector<int> in_random_order(const SlotSet& slots) {
  std::vector<int> order;
  for (const SlotRange range : slots.ranges())
    for (int slot = range.first; slot <= range.last; ++slot) order.push_back(slot);
  std::shuffle(order.begin(), order.end(), std::mt19937(1));  // neighbours often share a shard
  return order;
}

std::chrono::microseconds since(Clock::time_point began, Clock::time_point now) {
  return std::chrono::duration_cast<std::chrono::microseconds>(now - began);
}

// The number at the front of a value; nothing when there is none.
std::optional<std::uint32_t> sequence_of(const std::string& value) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end == value.data() + value.size() || *end != ' ') return std::nullopt;
  return number;
}

// At most so many different reasons, so that a message with a number in it cannot fill the memory.
void count_reason(std::map<std::string, std::uint64_t>& reasons, const std::string& reason, std::uint64_t count) {
  if (reasons.size() < kReasonsMax || reasons.count(reason) != 0) reasons[reason] += count;
}

void add_example(WriteReport& report, std::string text) {
  if (report.examples.size() < kExamplesMax) report.examples.push_back(std::move(text));
}

}  // namespace

SlotWriter::SlotWriter(const WriteCheckerOptions& options, std::string name, SlotSet slots, std::size_t index)
    : options_(options),
      client_(options.client),
      name_(std::move(name)),
      slots_(std::move(slots)),
      order_(in_random_order(slots_)),
      prefix_(options.key_prefix + ":" + std::to_string(index) + ":") {}

void SlotWriter::start() {
  last_ = Clock::now();
  thread_ = std::thread([this] { write(); });
}

void SlotWriter::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

std::string SlotWriter::name_of(std::size_t key) const { return "{" + tag_of_slot(slot_of(key)) + "}" + prefix_ + std::to_string(key); }

// "7 sk:0:6 …": the number, and the key's own name, so that a value in the wrong place is seen.
std::string SlotWriter::value_of(std::size_t key, std::uint32_t number) const {
  std::string value = std::to_string(number) + " " + prefix_ + std::to_string(key) + " ";
  value.resize(std::max(value.size(), options_.value_bytes), '.');
  return value;
}

WriteGap SlotWriter::longest_gap() const {
  const std::lock_guard lock(gap_mutex_);
  const auto open = since(last_, ended_ == Clock::time_point{} ? Clock::now() : ended_);
  return open > longest_.length ? WriteGap{open, last_} : longest_;
}

void SlotWriter::forget_gaps() {
  const std::lock_guard lock(gap_mutex_);
  longest_ = {};
}

void SlotWriter::write() {
  for (std::uint32_t number = 1; !stopping_; ++number) {
    const std::size_t key = (number - 1) % options_.keys_per_writer_max;
    if (key == keys_.size()) keys_.emplace_back();
    keys_[key].attempted = number;
    write_one(key, number);
    if (options_.pause.count() > 0) std::this_thread::sleep_until(Clock::now() + options_.pause);
  }
  const std::lock_guard lock(gap_mutex_);
  ended_ = Clock::now();
}

void SlotWriter::write_one(std::size_t key, std::uint32_t number) {
  const auto began = Clock::now();
  const auto reply = client_.call(slot_of(key), {"SET", name_of(key), value_of(key, number)});
  const auto now = Clock::now();
  ++requests_;
  if (!reply || now - began > options_.client.give_up_after) {
    ++failed_;
    count_reason(failures_, reply ? "acknowledged, but later than the client waits" : reply.error().detail, 1);
  }
  if (!reply) return;
  keys_[key].acknowledged = number;
  ++acknowledged_;
  latencies_us_.push_back(static_cast<std::uint32_t>(since(began, now).count()));
  const std::lock_guard lock(gap_mutex_);
  if (since(last_, now) > longest_.length) longest_ = {since(last_, now), last_};
  last_ = now;
}

void SlotWriter::add_to(WriteReport& report, std::vector<std::uint32_t>& latencies_us) const {
  report.requests += requests_;
  report.acknowledged += acknowledged_;
  report.failed += failed_;
  for (const auto& [reason, count] : failures_) count_reason(report.failures, reason, count);
  report.retried += client_.counts().retried;
  report.moved += client_.counts().moved;
  report.asked += client_.counts().asked;
  report.reconnected += client_.counts().reconnected;
  report.groups.push_back({name_, slots_, acknowledged_, longest_gap()});
  latencies_us.insert(latencies_us.end(), latencies_us_.begin(), latencies_us_.end());
}

void SlotWriter::judge(std::size_t key, const Result<valkey::Reply>& reply, WriteReport& report) const {
  const auto [acknowledged, attempted] = keys_[key];
  const std::string where = name_of(key) + " (slot " + std::to_string(slot_of(key)) + ")";
  if (!reply) {
    ++report.unreadable;
    return add_example(report, "unreadable: " + where + ": " + reply.error().detail);
  }
  const bool absent = reply->kind == valkey::Reply::Kind::kNil;
  const auto number = absent ? std::optional<std::uint32_t>(0) : sequence_of(reply->text);
  if (!number || *number > attempted || (!absent && reply->text != value_of(key, *number))) {
    ++report.wrong;
    return add_example(report, "wrong: " + where + " holds \"" + reply->text.substr(0, 60) + "\"");
  }
  if (*number >= acknowledged) return;
  ++report.lost;
  ++report.lost_by_group[name_];
  add_example(report, "lost: " + where + ": number " + std::to_string(acknowledged) + " was acknowledged, now " +
                          (absent ? "the key is absent" : "it holds " + std::to_string(*number)));
}

void SlotWriter::verify(ClusterClient& client, WriteReport& report) const {
  for (std::size_t first = 0; first < keys_.size(); first += kReadAtOnce) {
    const std::size_t last = std::min(first + kReadAtOnce, keys_.size());
    std::vector<int> slots;
    std::vector<std::vector<std::string>> commands;
    for (std::size_t key = first; key < last; ++key) {
      slots.push_back(slot_of(key));
      commands.push_back({"GET", name_of(key)});
    }
    const auto replies = client.call_all(slots, commands);
    for (std::size_t key = first; key < last; ++key) judge(key, replies[key - first], report);
    const bool none_answered = std::none_of(replies.begin(), replies.end(), [](const auto& reply) { return reply.has_value(); });
    if (!none_answered) continue;
    // The shard is gone: do not wait for each of its keys.
    for (std::size_t key = last; key < keys_.size(); ++key) judge(key, replies.back(), report);
    return;
  }
}

}  // namespace shardkeeper::test
