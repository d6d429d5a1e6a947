#include "cli/render/findings.h"

#include "cli/render/table.h"
#include "cli/render/text.h"

#include <algorithm>
#include <vector>

namespace shardkeeper::cli::render {
namespace {

// Lower is graver. A family that this CLI does not know yet comes first: better seen than missed.
int rank_of(const admin::v1::Finding& finding) {
  if (finding.family() == "unsafe") return 1;
  if (finding.family() == "misconfigured") return 2;
  if (finding.family() == "throttled") return 3;
  if (finding.family() == "waiting") return 4;
  return finding.family() == "healthy" ? 5 : 0;
}

Standing standing_of(const admin::v1::Finding& finding) {
  switch (rank_of(finding)) {
    case 3:
    case 4: return Standing::kOnItsWay;
    case 5: return Standing::kGood;
    default: return Standing::kBad;
  }
}

}  // namespace

std::string draw_findings(const Findings& findings, const Look& look) {
  std::vector<const admin::v1::Finding*> sorted;
  for (const auto& finding : findings) sorted.push_back(&finding);
  std::ranges::stable_sort(sorted, {}, [](const auto* finding) { return rank_of(*finding); });

  Table table;
  table.columns = {{.title = "  FOUND"},
                   {.title = "FAMILY", .dropped_at = 2},
                   {.title = "ABOUT"},
                   {.title = "SINCE", .align = Align::kRight, .dropped_at = 1},
                   {.title = ""}};
  table.overflow = Overflow::kWrap;
  for (const auto* finding : sorted) {
    const Standing standing = standing_of(*finding);
    const bool has_age = look.now_unix_ms > 0 && finding->since_unix_ms() > 0;
    table.rows.push_back({{"  " + std::string(mark_of(standing, look)) + " " + printable(finding->reason()), tone_of(standing)},
                          {printable(finding->family()), Tone::kDim},
                          {printable(finding->subject())},
                          {has_age ? age_text(look.now_unix_ms - finding->since_unix_ms()) : "", Tone::kDim},
                          {printable(finding->detail())}});
  }
  return draw(table, look);
}

std::string draw_operations(const Sentences& operations, const Look& look) {
  std::string text = toned("  UNDER WAY", Tone::kDim, look) + "\n";
  for (const auto& operation : operations) {
    const std::string line = std::string(look.symbols == Symbols::kUtf8 ? "  → " : "  > ") + printable(operation);
    text += (look.width > 0 ? shortened(line, look.width, look) : line) + "\n";
  }
  return text;
}

}  // namespace shardkeeper::cli::render
