#include "cli/render/lists.h"

#include "cli/render/table.h"
#include "cli/render/text.h"

#include <fmt/format.h>

#include <string>

namespace shardkeeper::cli::render {
namespace {

struct WorkerState {
  std::string text;
  Standing standing;
};

WorkerState state_of(const admin::v1::Worker& worker) {
  if (!worker.ready()) return {worker.schedulable() ? "NotReady" : "NotReady, cordoned", Standing::kBad};
  if (!worker.schedulable()) return {"Ready, cordoned", Standing::kOnItsWay};
  return {"Ready", Standing::kGood};
}

}  // namespace

std::string draw_events(const admin::v1::Events& events, const Look& look) {
  if (events.events_size() == 0) return "no events\n";
  Table table;
  table.columns = {{.title = "TIME (UTC)"},
                   {.title = "CLUSTER", .dropped_at = 2},
                   {.title = "REASON"},
                   {.title = "ABOUT"},
                   {.title = "TIMES", .align = Align::kRight, .dropped_at = 1},
                   {.title = "MESSAGE"}};
  table.overflow = Overflow::kWrap;
  for (const auto& event : events.events())
    table.rows.push_back({{clock_text(event.unix_ms()), Tone::kDim},
                          {printable(event.cluster())},
                          {printable(event.reason()), event.warning() ? Tone::kRed : Tone::kGreen},
                          {printable(event.subject())},
                          {event.count() > 1 ? fmt::format("{}", event.count()) : ""},
                          {printable(event.message())}});
  return draw(table, look);
}

std::string draw_workers(const admin::v1::Workers& workers, const Look& look) {
  if (workers.workers_size() == 0) return "no workers\n";
  Table table;
  table.columns = {{.title = "WORKER"},
                   {.title = "ZONE"},
                   {.title = "STATE"},
                   {.title = "PODS", .align = Align::kRight},
                   {.title = "PRIMARIES", .align = Align::kRight},
                   {.title = "TAINTS"}};
  for (const auto& worker : workers.workers()) {
    const auto [state, standing] = state_of(worker);
    std::string taints;
    for (const auto& taint : worker.taints()) taints += (taints.empty() ? "" : ", ") + printable(taint);
    table.rows.push_back({{printable(worker.name())},
                          {printable(worker.zone())},
                          {std::string(mark_of(standing, look)) + " " + state, tone_of(standing)},
                          {fmt::format("{}", worker.pods())},
                          {fmt::format("{}", worker.primaries())},
                          {taints, Tone::kDim}});
  }
  return draw(table, look);
}

}  // namespace shardkeeper::cli::render
