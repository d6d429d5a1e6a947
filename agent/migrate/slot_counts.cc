#include "agent/migrate/slot_counts.h"

#include "common/valkey/error_map.h"

#include <algorithm>
#include <memory>
#include <optional>

namespace shardkeeper::agent {
namespace {

using valkey::Reply;

constexpr int kPageSlots = 1024;
constexpr std::size_t kPagesMax = 512;  // calls at once; a set in very many pieces is asked for by its hull

std::vector<SlotRange> pages_of(const SlotSet& slots) {
  std::vector<SlotRange> pages;
  auto ranges = slots.ranges();
  if (ranges.size() > kPagesMax) ranges = {{ranges.front().first, ranges.back().last}};
  for (const auto& range : ranges)
    for (int first = range.first; first <= range.last; first += kPageSlots)
      pages.push_back({first, std::min(range.last, first + kPageSlots - 1)});
  return pages;
}

}  // namespace

Result<void> read_slot_counts(const Reply& reply, SlotCounts& counts) {
  for (const Reply& entry : reply.items) {
    if (entry.items.size() != 2 || entry.items[0].kind != Reply::Kind::kInteger)
      return invalid("CLUSTER SLOT-STATS", "an entry is no pair of slot and statistics");
    const auto slot = entry.items[0].integer;
    if (slot < 0 || slot >= kSlotCount) return invalid("CLUSTER SLOT-STATS", "slot " + std::to_string(slot) + " does not exist");
    const auto& pairs = entry.items[1].items;
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2)
      if (pairs[i].text == "key-count")
        counts[static_cast<int>(slot)] = static_cast<std::uint64_t>(std::max<std::int64_t>(0, pairs[i + 1].integer));
  }
  return {};
}

SlotSet first_slots(const SlotSet& slots, const SlotCounts& counts, int slots_max, std::uint64_t keys_max) {
  SlotSet first;
  std::uint64_t keys = 0;
  int taken = 0;
  for (const auto& range : slots.ranges())
    for (int slot = range.first; slot <= range.last; ++slot) {
      keys += keys_in(counts, slot);
      if (taken > 0 && (taken >= slots_max || keys > keys_max)) return first;
      first.add(slot);
      ++taken;
    }
  return first;
}

void count_keys(valkey::ServerPort& server, const SlotSet& slots, const Alive& alive, std::function<void(Result<SlotCounts>)> done) {
  struct Question {
    SlotSet slots;
    SlotCounts counts;
    std::optional<Error> failure;
    std::size_t missing = 0;
    std::function<void(Result<SlotCounts>)> done;
  };
  const auto pages = pages_of(slots);
  const auto question = std::make_shared<Question>();  // shared by its replies
  question->slots = slots;
  question->missing = pages.size();
  question->done = std::move(done);
  for (const auto& page : pages) {
    std::vector<std::string> call{"CLUSTER", "SLOT-STATS", "SLOTSRANGE", std::to_string(page.first), std::to_string(page.last)};
    server.call(std::move(call), [question, watch = alive.watch()](Result<Reply> reply) {
      if (watch.expired()) return;
      reply = valkey::refuse_error_reply("CLUSTER SLOT-STATS", std::move(reply));
      const Result<void> read = reply ? read_slot_counts(*reply, question->counts) : Result<void>(reply.error());
      if (!read && !question->failure) question->failure = read.error();
      if (--question->missing > 0) return;
      if (question->failure) return question->done(*question->failure);
      std::erase_if(question->counts, [&](const auto& entry) { return !question->slots.contains(entry.first); });
      question->done(std::move(question->counts));
    });
  }
}

}  // namespace shardkeeper::agent
