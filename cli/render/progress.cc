#include "cli/render/progress.h"

#include "cli/render/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace shardkeeper::cli::render {
namespace {

constexpr int kBarWidthMin = 8;
constexpr int kBarWidthMax = 32;

std::uint64_t natural(std::int64_t number) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, number)); }
std::string grouped_slots(std::int64_t slots) { return grouped(natural(slots)); }

std::string bar(int percent, int width, const Look& look) {
  const bool utf8 = look.symbols == Symbols::kUtf8;
  const int full = std::clamp(percent, 0, 100) * width / 100;
  std::string done;
  std::string open;
  for (int i = 0; i < width; ++i) (i < full ? done : open) += i < full ? (utf8 ? "█" : "#") : (utf8 ? "░" : "-");
  return toned(done, Tone::kGreen, look) + toned(open, Tone::kDim, look);
}

std::string sentence(const admin::v1::MigrationJob& job) {
  const std::string taker = job.to() < 0 ? "a node without a pod" : fmt::format("shard {}", job.to());
  std::string text = fmt::format("move slots {} from shard {} to {} by {}: {} of {} slots", printable(job.slots()), job.from(), taker,
                                 printable(job.engine()), grouped_slots(job.slots_done()), grouped_slots(job.slots_total()));
  if (job.keys_total() > 0) text += fmt::format(", {} of {} keys", grouped(job.keys_done()), grouped(job.keys_total()));
  if (job.bytes_done() > 0) text += ", " + bytes_text(job.bytes_done());
  return text;
}

}  // namespace

std::string draw_numbers(const MoveProgress& progress, const Look& look) {
  const std::string dot = look.symbols == Symbols::kUtf8 ? " · " : ", ";
  std::string text =
      fmt::format("{:3} %  {} of {} slots", progress.percent(), grouped_slots(progress.slots_done), grouped_slots(progress.slots_total));
  if (progress.keys_done > 0) text += dot + grouped(progress.keys_done) + " keys";
  if (progress.bytes_done > 0) text += dot + bytes_text(progress.bytes_done);
  if (progress.bytes_per_second >= 1)
    text += dot + bytes_text(static_cast<std::uint64_t>(progress.bytes_per_second)) + "/s";
  else if (progress.slots_per_second >= 1)
    text += dot + grouped(static_cast<std::uint64_t>(progress.slots_per_second)) + " slots/s";
  if (progress.left_ms) text += dot + age_text(*progress.left_ms) + " left";
  return text;
}

std::string draw_bar(const MoveProgress& progress, const Look& look) {
  const std::string numbers = draw_numbers(progress, look);
  const int room = look.width == 0 ? kBarWidthMax : look.width - width_of(numbers) - 3;
  // A quarter, so that the bar keeps its length while the numbers grow.
  const int width = std::min({room, kBarWidthMax, look.width == 0 ? kBarWidthMax : look.width / 4});
  const std::string line = width < kBarWidthMin ? "  " : "  " + bar(progress.percent(), width, look) + " ";
  return line + (look.width == 0 ? numbers : shortened(numbers, look.width - 2, look)) + "\n";
}

std::vector<std::string> move_sentences(const admin::v1::Migration& migration) {
  std::vector<std::string> sentences;
  std::int64_t waiting = migration.slots_left();
  for (const auto& job : migration.jobs()) {
    sentences.push_back(sentence(job));
    waiting -= job.slots_total() - job.slots_done();
  }
  if (waiting > 0) sentences.push_back(fmt::format("{} {} still to move", grouped_slots(waiting), waiting == 1 ? "slot is" : "slots are"));
  return sentences;
}

}  // namespace shardkeeper::cli::render
