#include "cli/render/slot_map.h"

#include "cli/render/table.h"
#include "cli/render/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace shardkeeper::cli::render {
namespace {

using admin::v1::SlotMap;

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::array kTones{Tone::kGreen, Tone::kCyan, Tone::kYellow, Tone::kBlue, Tone::kMagenta, Tone::kPlain};
constexpr int kNobody = -1;
constexpr int kSlotsPerRow = 1024;
constexpr int kSlotsPerCell = 16;        // 64 cells a row
constexpr int kSlotsPerCellNarrow = 32;  // 32 cells a row
constexpr int kWidthForAll = 74;

char letter_of(std::size_t index) { return kLetters[index % kLetters.size()]; }
Tone tone_of(int index) { return index == kNobody ? Tone::kRed : kTones[static_cast<std::size_t>(index) % kTones.size()]; }

struct Square {
  char symbol;
  int owner;  // index in the map's owners, or kNobody
};

class Slots {
 public:
  explicit Slots(const SlotMap& map) {
    owners_.fill(kNobody);
    for (int i = 0; i < map.owners_size(); ++i)
      for (const SlotSet owned = slots_of(map.owners(i).slots()); const auto range : owned.ranges())
        std::fill(owners_.begin() + range.first, owners_.begin() + range.last + 1, i);
    for (const auto& job : map.moving())
      for (const SlotSet slots = slots_of(job.slots()); const auto range : slots.ranges())
        for (int slot = range.first; slot <= range.last; ++slot) {
          const int owner = owners_[static_cast<std::size_t>(slot)];
          moving_[static_cast<std::size_t>(slot)] = owner != kNobody && map.owners(owner).shard() == job.from();
        }
  }

  // The most frequent owner of `count` slots from `first` on; of equals the one that comes first.
  Square square(int first, int count, char nobody) const {
    int owner = kNobody;
    std::ptrdiff_t most = 0;
    bool is_moving = false;
    const auto begin = owners_.begin() + first;
    for (int i = 0; i < count; ++i) {
      const int slot = first + i;
      is_moving |= moving_[static_cast<std::size_t>(slot)];
      if (const auto same = std::count(begin, begin + count, begin[i]); same > most) owner = begin[i], most = same;
    }
    if (is_moving) return {'>', owner};
    return {owner == kNobody ? nobody : letter_of(static_cast<std::size_t>(owner)), owner};
  }

 private:
  std::array<int, kSlotCount> owners_{};
  std::array<bool, kSlotCount> moving_{};
};

// Neighbours of one tone share their escape codes.
std::string draw_row(const std::vector<Square>& cells, const Look& look) {
  std::string text;
  for (auto cell = cells.begin(); cell != cells.end();) {
    std::string run;
    const int owner = cell->owner;
    for (; cell != cells.end() && cell->owner == owner; ++cell) run += cell->symbol;
    text += toned(run, tone_of(owner), look);
  }
  return text;
}

std::string draw_legend(const SlotMap& map, const Look& look) {
  Table table;
  table.columns = {{.title = "     SHARD"},
                   {.title = "PRIMARY", .dropped_at = 3},
                   {.title = "SLOTS", .align = Align::kRight},
                   {.title = "KEYS", .align = Align::kRight, .dropped_at = 2},
                   {.title = "LEAVING", .align = Align::kRight, .dropped_at = 1},
                   {.title = "WHICH"}};
  table.overflow = Overflow::kWrap;
  const auto row = [&](char symbol, int index, std::vector<Cell> cells) {
    cells.front() = {fmt::format("  {}  {}", symbol, cells.front().text), tone_of(index)};
    table.rows.push_back(std::move(cells));
  };
  for (int i = 0; i < map.owners_size(); ++i) {
    const auto& owner = map.owners(i);
    row(owner.slot_count() > 0 ? letter_of(static_cast<std::size_t>(i)) : ' ', i,
        {{fmt::format("shard {}", owner.shard())},
         {printable(owner.primary())},
         {grouped(static_cast<std::uint64_t>(std::max(0, owner.slot_count())))},
         {grouped(owner.keys())},
         {owner.leaving() > 0 ? grouped(static_cast<std::uint64_t>(owner.leaving())) : ""},
         {printable(owner.slots())}});
  }
  if (map.nobodys_count() > 0)
    row('.', kNobody, {{"nobody's"}, {}, {grouped(static_cast<std::uint64_t>(map.nobodys_count()))}, {}, {}, {printable(map.nobodys())}});
  return draw(table, look);
}

}  // namespace

SlotSet slots_of(const std::string& text) {
  const auto slots = SlotSet::parse(text);
  return slots ? *slots : SlotSet();
}

std::string draw_slot_map(const SlotMap& map, const Look& look) {
  const int per_cell = look.width == 0 || look.width >= kWidthForAll ? kSlotsPerCell : kSlotsPerCellNarrow;
  const Slots slots(map);
  std::string text = toned(printable(map.cluster()), Tone::kBold, look) + fmt::format("  one cell is {} slots", per_cell) +
                     (map.moving_size() > 0 ? ", > is on its way" : "") + "\n\n";
  for (int first = 0; first < kSlotCount; first += kSlotsPerRow) {
    std::vector<Square> cells;
    for (int at = first; at < first + kSlotsPerRow; at += per_cell) cells.push_back(slots.square(at, per_cell, '.'));
    text += toned(fmt::format("  {:5}  ", first), Tone::kDim, look) + draw_row(cells, look) + "\n";
  }
  return text + "\n" + draw_legend(map, look);
}

}  // namespace shardkeeper::cli::render
