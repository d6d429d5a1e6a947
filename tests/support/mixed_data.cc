#include "tests/support/mixed_data.h"

#include "tests/support/key_slot.h"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <thread>

namespace shardkeeper::test {
namespace {

using valkey::Reply;

constexpr std::size_t kPipelined = 500;
constexpr std::size_t kReadAtOnce = 4'000;
constexpr std::size_t kExamplesMax = 20;
constexpr std::uint64_t kReaders = 2;
constexpr auto kPatience = std::chrono::seconds(60);  // a big value, a busy machine
// A move passes on what is left to live, not when it ends: each one adds what it takes.
constexpr std::int64_t kExpiryOffMaxMs = 10'000;

enum class Kind { kShort, kLong, kHash, kStream, kList, kSortedSet, kExpiring };

Kind kind_of(std::uint64_t number) {
  switch (number % 20) {
    case 14: return Kind::kLong;
    case 15: return Kind::kHash;
    case 16: return Kind::kStream;
    case 17: return Kind::kList;
    case 18: return Kind::kSortedSet;
    case 19: return Kind::kExpiring;
    default: return Kind::kShort;
  }
}

// 8 to 40 bytes, different for each number.
std::string short_value(std::uint64_t number) {
  std::string value = "value " + std::to_string(number);
  value.resize(8 + number % 33, '.');
  return std::to_string(number) + " " + value;
}

std::string long_value(std::uint64_t number) {
  std::string value = short_value(number);
  value.resize(1024, '-');
  return value;
}

std::string id_of(std::uint64_t entry) { return std::to_string(entry) + "-1"; }

void add_example(DataReport& report, const std::string& text) {
  if (report.examples.size() < kExamplesMax) report.examples.push_back(text);
}

void add(DataReport& sum, const DataReport& part) {
  sum.read += part.read;
  sum.missing += part.missing;
  sum.wrong += part.wrong;
  sum.unreadable += part.unreadable;
  sum.expiring += part.expiring;
  sum.expiry_off_ms_worst = std::max(sum.expiry_off_ms_worst, part.expiry_off_ms_worst);
  for (const auto& example : part.examples) add_example(sum, example);
}

// Fields or members with values in any order: "f1 v1 f2 v2".
bool has_pairs(const Reply& reply, const std::vector<std::pair<std::string, std::string>>& pairs) {
  if (reply.items.size() != 2 * pairs.size()) return false;
  return std::ranges::all_of(pairs, [&](const auto& pair) {
    for (std::size_t i = 0; i < reply.items.size(); i += 2)
      if (reply.items[i].text == pair.first) return reply.items[i + 1].text == pair.second;
    return false;
  });
}

std::vector<std::pair<std::string, std::string>> hash_of(std::uint64_t number) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (std::uint64_t field = 0; field < 3 + number % 4; ++field) fields.emplace_back("f" + std::to_string(field), std::to_string(number));
  return fields;
}

}  // namespace

// Random, as what people store in such values seldom compresses.
std::string MixedData::big_value() const {
  std::mt19937_64 random(1);
  std::string value(options_.big_value_bytes, '\0');
  for (auto& byte : value) byte = static_cast<char>(random() & 0xff);
  return value;
}

std::vector<std::string> MixedData::write_call(std::uint64_t number) const {
  const std::string name = name_of(number);
  const std::string text = std::to_string(number);
  switch (kind_of(number)) {
    case Kind::kShort: return {"SET", name, short_value(number)};
    case Kind::kLong: return {"SET", name, long_value(number)};
    case Kind::kHash: {
      std::vector<std::string> call{"HSET", name};
      for (const auto& [field, value] : hash_of(number)) call.insert(call.end(), {field, value});
      return call;
    }
    case Kind::kStream: return {"XADD", name, id_of(number), "a", text, "b", short_value(number)};
    case Kind::kList: return {"RPUSH", name, text, "x", short_value(number)};
    case Kind::kSortedSet: return {"ZADD", name, "1", "one", "2", text};
    case Kind::kExpiring: return {"SET", name, short_value(number), "PXAT", std::to_string(options_.expire_at_ms)};
  }
  return {};
}

std::vector<std::string> MixedData::read_call(std::uint64_t number) const {
  const std::string name = name_of(number);
  switch (kind_of(number)) {
    case Kind::kHash: return {"HGETALL", name};
    case Kind::kStream: return {"XRANGE", name, "-", "+"};
    case Kind::kList: return {"LRANGE", name, "0", "-1"};
    case Kind::kSortedSet: return {"ZRANGE", name, "0", "-1", "WITHSCORES"};
    case Kind::kExpiring: return {"PEXPIRETIME", name};
    default: return {"GET", name};
  }
}

void MixedData::write_to(const SlotOwner& owner, int replicas) const {
  auto client = SyncClient::connect(owner.primary.ip, owner.primary.port, kPatience, options_.client.login);
  if (!client) throw std::runtime_error(to_string(client.error()));
  std::vector<std::vector<std::string>> calls;
  const auto send = [&] {
    const auto replies = client->pipeline(calls);
    if (!replies) throw std::runtime_error("writing data: " + to_string(replies.error()));
    for (const auto& reply : *replies)
      if (reply.is_error()) throw std::runtime_error("writing data: " + reply.text);
    calls.clear();
  };
  for (std::uint64_t number = 0; number < options_.keys; ++number) {
    if (!owner.slots.contains(key_slot(name_of(number)))) continue;
    calls.push_back(write_call(number));
    if (calls.size() == kPipelined) send();
  }
  if (options_.big_value_bytes != 0 && owner.slots.contains(key_slot(big_name()))) calls.push_back({"SET", big_name(), big_value()});
  send();
  const auto acknowledged = client->call({"WAIT", std::to_string(replicas), "60000"});
  if (!acknowledged || acknowledged->integer < replicas) throw std::runtime_error("writing data: the replicas did not acknowledge");
}

void MixedData::write(int replicas) const {
  const auto owners = ClusterClient(options_.client).load_topology();
  if (!owners) throw std::runtime_error(to_string(owners.error()));
  std::vector<std::string> failures(owners->size());
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < owners->size(); ++i)
    threads.emplace_back([&, i] {
      try {
        write_to((*owners)[i], replicas);
      } catch (const std::exception& error) { failures[i] = error.what(); }
    });
  threads.clear();
  for (const auto& failure : failures)
    if (!failure.empty()) throw std::runtime_error(failure);
}

bool MixedData::is_right(std::uint64_t number, const Reply& reply, DataReport& report) const {
  const std::string text = std::to_string(number);
  switch (kind_of(number)) {
    case Kind::kShort: return reply.text == short_value(number);
    case Kind::kLong: return reply.text == long_value(number);
    case Kind::kHash: return has_pairs(reply, hash_of(number));
    case Kind::kStream:
      return reply.items.size() == 1 && reply.items[0].items.size() == 2 && reply.items[0].items[0].text == id_of(number) &&
             has_pairs(reply.items[0].items[1], {{"a", text}, {"b", short_value(number)}});
    case Kind::kList:
      return reply.items.size() == 3 && reply.items[0].text == text && reply.items[1].text == "x" &&
             reply.items[2].text == short_value(number);
    case Kind::kSortedSet: return has_pairs(reply, {{"one", "1"}, {text, "2"}});
    case Kind::kExpiring: {
      const std::int64_t off = std::abs(reply.integer - options_.expire_at_ms);
      ++report.expiring;
      report.expiry_off_ms_worst = std::max(report.expiry_off_ms_worst, off);
      return off <= kExpiryOffMaxMs;
    }
  }
  return false;
}

void MixedData::judge(std::uint64_t number, const Result<Reply>& reply, DataReport& report) const {
  ++report.read;
  const std::string name = name_of(number);
  const std::string where = name + " (slot " + std::to_string(key_slot(name)) + ")";
  if (!reply) {
    ++report.unreadable;
    return add_example(report, "unreadable: " + where + ": " + reply.error().detail);
  }
  const bool is_simple = reply->kind == Reply::Kind::kNil || reply->kind == Reply::Kind::kInteger;
  const bool absent = reply->kind == Reply::Kind::kNil || (reply->kind == Reply::Kind::kInteger && reply->integer == -2) ||
                      (!is_simple && reply->items.empty() && reply->text.empty());
  if (absent) {
    ++report.missing;
    return add_example(report, "missing: " + where);
  }
  if (is_right(number, *reply, report)) return;
  ++report.wrong;
  add_example(report, "wrong: " + where + " holds \"" + reply->text.substr(0, 60) + "\", " + std::to_string(reply->integer) + ", " +
                          std::to_string(reply->items.size()) + " items");
}

void MixedData::read_some(std::uint64_t first, std::uint64_t stride, DataReport& report) const {
  auto options = options_.client;
  options.reply_timeout = kPatience;
  ClusterClient client(options);
  static_cast<void>(client.load_topology());  // without it every key is found by MOVED
  std::vector<std::uint64_t> numbers;
  const auto ask = [&] {
    std::vector<int> slots;
    std::vector<std::vector<std::string>> calls;
    for (const auto number : numbers) {
      slots.push_back(key_slot(name_of(number)));
      calls.push_back(read_call(number));
    }
    const auto replies = client.call_all(slots, calls);
    for (std::size_t i = 0; i < numbers.size(); ++i) judge(numbers[i], replies[i], report);
    numbers.clear();
  };
  for (std::uint64_t number = first; number < options_.keys; number += stride) {
    numbers.push_back(number);
    if (numbers.size() == kReadAtOnce) ask();
  }
  ask();
}

void MixedData::read_big(DataReport& report) const {
  auto options = options_.client;
  options.reply_timeout = kPatience;
  const auto reply = ClusterClient(options).call(key_slot(big_name()), {"GET", big_name()});
  ++report.read;
  if (!reply)
    ++report.unreadable;
  else if (reply->kind == Reply::Kind::kNil)
    ++report.missing;
  else if (reply->text != big_value())
    ++report.wrong;
  else
    return;
  add_example(report, big_name() + ": " + (!reply ? reply.error().detail : std::to_string(reply->text.size()) + " bytes that are not it"));
}

DataReport MixedData::read(std::uint64_t first, std::uint64_t stride) const {
  std::vector<DataReport> parts(kReaders);
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 0; i < kReaders; ++i)
      threads.emplace_back([&, i] { read_some(first + i * stride, stride * kReaders, parts[i]); });
  }
  DataReport report;
  for (const auto& part : parts) add(report, part);
  if (options_.big_value_bytes != 0) read_big(report);
  return report;
}

std::string to_text(const DataReport& report) {
  std::string text = std::to_string(report.read) + " keys read: " + std::to_string(report.missing) + " missing, " +
                     std::to_string(report.wrong) + " wrong, " + std::to_string(report.unreadable) + " unreadable; " +
                     std::to_string(report.expiring) + " with a time to live, off by at most " +
                     std::to_string(report.expiry_off_ms_worst) + " ms\n";
  for (const auto& example : report.examples) text += "  " + example + "\n";
  return text;
}

}  // namespace shardkeeper::test
