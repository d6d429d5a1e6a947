#include "tests/support/write_report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>

namespace shardkeeper::test {
namespace {

double ms(std::chrono::microseconds time) { return static_cast<double>(time.count()) / 1000; }

// Local time, as logs have it.
std::string time_of_day(std::chrono::steady_clock::time_point when) {
  const auto ago = std::chrono::steady_clock::now() - when;
  const auto wall = std::chrono::system_clock::now() - std::chrono::duration_cast<std::chrono::milliseconds>(ago);
  const auto since_second = std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch()) % 1000;
  return fmt::format("{:%H:%M:%S}.{:03}", fmt::localtime(std::chrono::system_clock::to_time_t(wall)), since_second.count());
}

boost::json::object counts_to_json(const std::map<std::string, std::uint64_t>& counts) {
  boost::json::object object;
  for (const auto& [name, count] : counts) object[name] = count;
  return object;
}

}  // namespace

Percentiles percentiles_of(std::vector<std::uint32_t>& latencies_us) {
  if (latencies_us.empty()) return {};
  std::sort(latencies_us.begin(), latencies_us.end());
  const auto at = [&](double part) {
    const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(latencies_us.size())));
    return latencies_us[std::max<std::size_t>(rank, 1) - 1] / 1000.0;
  };
  return {at(0.5), at(0.99), at(1)};
}

std::string to_text(const WriteReport& report) {
  std::string text = fmt::format("{} requests in {:.1f} s: {} acknowledged, {} failed\n", report.requests,
                                 static_cast<double>(report.duration.count()) / 1000, report.acknowledged, report.failed);
  for (const auto& [reason, count] : report.failures) text += fmt::format("  failed {} times: {}\n", count, reason);
  text += fmt::format("latency p50 {:.2f} ms, p99 {:.2f} ms, max {:.2f} ms\n", report.latency.p50_ms, report.latency.p99_ms,
                      report.latency.max_ms);
  text +=
      fmt::format("{} retries, {} MOVED, {} ASK, {} connections lost\n", report.retried, report.moved, report.asked, report.reconnected);
  for (const GroupReport& group : report.groups)
    text += fmt::format("slots {:<22} {:>9} acknowledged, longest gap {:.1f} ms from {}\n", group.name, group.acknowledged,
                        ms(group.longest_gap.length), time_of_day(group.longest_gap.began));
  for (const std::string& example : report.examples) text += "  " + example + "\n";
  if (report.is_clean()) return text + "clean: every acknowledged write is there\n";
  return text + fmt::format("NOT clean: {} lost, {} wrong, {} unreadable, {} failed\n", report.lost, report.wrong, report.unreadable,
                            report.failed);
}

std::string to_json(const WriteReport& report) {
  boost::json::array groups, examples;
  for (const GroupReport& group : report.groups)
    groups.push_back(boost::json::object{{"name", group.name},
                                         {"slots", to_string(group.slots)},
                                         {"acknowledged", group.acknowledged},
                                         {"longest_gap_ms", ms(group.longest_gap.length)}});
  for (const std::string& example : report.examples) examples.push_back(boost::json::string(example));
  return boost::json::serialize(boost::json::object{
      {"clean", report.is_clean()},
      {"requests", report.requests},
      {"acknowledged", report.acknowledged},
      {"failed", report.failed},
      {"failures", counts_to_json(report.failures)},
      {"lost", report.lost},
      {"lost_by_group", counts_to_json(report.lost_by_group)},
      {"wrong", report.wrong},
      {"unreadable", report.unreadable},
      {"retried", report.retried},
      {"moved", report.moved},
      {"asked", report.asked},
      {"reconnected", report.reconnected},
      {"duration_ms", report.duration.count()},
      {"latency_ms", boost::json::object{{"p50", report.latency.p50_ms}, {"p99", report.latency.p99_ms}, {"max", report.latency.max_ms}}},
      {"groups", groups},
      {"examples", examples},
  });
}

}  // namespace shardkeeper::test
