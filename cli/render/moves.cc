#include "cli/render/moves.h"

#include "cli/render/table.h"
#include "cli/render/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace shardkeeper::cli::render {
namespace {

using admin::v1::ScalePlan;

std::string_view arrow(const Look& look) { return look.symbols == Symbols::kUtf8 ? " → " : " -> "; }
std::string count(std::int64_t number) { return grouped(static_cast<std::uint64_t>(std::max<std::int64_t>(0, number))); }

std::string now_and_then(const std::string& now, const std::string& then, const Look& look) {
  return now == then ? now : now + std::string(arrow(look)) + then;
}

// `before` stands in front of the first line, as many spaces in front of the others.
std::string paragraph(const std::string& before, int before_width, const std::string& text, const Look& look) {
  std::string out;
  for (const auto& line : wrapped(text, look.width == 0 ? width_of(text) : look.width - before_width))
    out += (out.empty() ? before : std::string(static_cast<std::size_t>(before_width), ' ')) + line + "\n";
  return out;
}

std::string heading(const ScalePlan& plan, const Look& look) {
  const std::string_view dot = look.symbols == Symbols::kUtf8 ? " · " : ", ";
  const std::string name = printable(plan.cluster());
  std::string text =
      now_and_then(count(plan.shards_now()), count(plan.shards_then()), look) + (plan.shards_then() == 1 ? " shard" : " shards");
  if (plan.slots() == 0)
    text += ": no slot has to move";
  else
    text += fmt::format(": {} {} in {} {}{}about {} keys{}{}", count(plan.slots()), plan.slots() == 1 ? "slot" : "slots", plan.moves_size(),
                        plan.moves_size() == 1 ? "move" : "moves", dot, grouped(plan.keys()), dot, bytes_text(plan.bytes()));
  return paragraph(toned(name, Tone::kBold, look) + "  ", width_of(name) + 2, text, look);
}

std::string draw_moves(const ScalePlan& plan, const Look& look) {
  Table table;
  table.columns = {{.title = "  MOVE"},
                   {.title = "SLOTS", .align = Align::kRight},
                   {.title = "KEYS", .align = Align::kRight, .dropped_at = 1},
                   {.title = "MEMORY", .align = Align::kRight, .dropped_at = 2},
                   {.title = "WHICH"}};
  for (const auto& move : plan.moves())
    table.rows.push_back({{fmt::format("  shard {}{}shard {}", move.from(), arrow(look), move.to())},
                          {count(move.slot_count())},
                          {grouped(move.keys())},
                          {bytes_text(move.bytes())},
                          {printable(move.slots()), Tone::kDim}});
  return draw(table, look);
}

std::string draw_shards(const ScalePlan& plan, const Look& look) {
  Table table;
  table.columns = {{.title = "  SHARD"},
                   {.title = "SLOTS", .align = Align::kRight},
                   {.title = "KEYS", .align = Align::kRight, .dropped_at = 3},
                   {.title = "MEMORY", .align = Align::kRight, .dropped_at = 2},
                   {.title = "PEAK", .align = Align::kRight, .dropped_at = 1},
                   {.title = "LIMIT", .align = Align::kRight}};
  for (const auto& shard : plan.shards()) {
    const bool has_no_room =
        std::ranges::any_of(plan.shortfalls(), [&](const auto& shortfall) { return shortfall.shard() == shard.shard(); });
    table.rows.push_back({{fmt::format("  shard {}", shard.shard())},
                          {now_and_then(count(shard.slots_now()), count(shard.slots_then()), look)},
                          {now_and_then(grouped(shard.keys_now()), grouped(shard.keys_then()), look)},
                          {bytes_text(shard.bytes_now())},
                          {bytes_text(shard.bytes_peak()), has_no_room ? Tone::kRed : Tone::kPlain},
                          {shard.bytes_max() == 0 ? "none" : bytes_text(shard.bytes_max())}});
  }
  return draw(table, look);
}

}  // namespace

std::string draw_plan(const ScalePlan& plan, const Look& look) {
  std::string text = heading(plan, look);
  if (plan.slots_of_nobody() > 0) text += fmt::format("  {} slots without an owner are assigned at once\n", count(plan.slots_of_nobody()));
  if (plan.moves_size() > 0) text += "\n" + draw_moves(plan, look);
  if (plan.shards_size() > 0) text += "\n" + draw_shards(plan, look);
  if (plan.shortfalls_size() > 0) text += "\n";
  const std::string mark = "  " + toned(mark_of(Standing::kBad, look), Tone::kRed, look) + " ";
  for (const auto& shortfall : plan.shortfalls())
    text += paragraph(mark, 4, fmt::format("shard {} {}", shortfall.shard(), printable(shortfall.text())), look);
  return text;
}

}  // namespace shardkeeper::cli::render
