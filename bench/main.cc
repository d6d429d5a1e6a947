// Measures us beside our peers, in one run on one machine: bench [--filter REGEX] [--quick] [--out FILE]
#include "bench/support/measure.h"
#include "bench/support/supervised.h"

#include "common/log/log.h"
#include "tests/support/temp_dir.h"

#include <CLI/CLI.hpp>

#include <iostream>
#include <regex>
#include <stdexcept>

namespace shardkeeper::bench {
namespace {

const std::vector<Measure>& measures() {
  static const std::vector<Measure> all{
      {"planner", measure_planner}, {"exporter", measure_exporter},    {"coordinator", measure_coordinator},
      {"create", measure_create},   {"failover", measure_failover},    {"migrate", measure_migrate},
      {"scale", measure_scale},     {"kubernetes", measure_kubernetes}};
  return all;
}

std::string names() {
  std::string text;
  for (const Measure& measure : measures()) text += (text.empty() ? "" : ", ") + measure.name;
  return text;
}

// RETURNS the exit code. The file is written after each, so that an interrupted run leaves what it has.
int run_all(const Context& context, const std::regex& filter, const std::string& out) {
  std::vector<Row> rows;
  int failed = 0;
  bool found = false;
  for (const Measure& measure : measures()) {
    if (!std::regex_search(measure.name, filter)) continue;
    found = true;
    try {
      const auto measured = measure.run(context);
      rows.insert(rows.end(), measured.begin(), measured.end());
    } catch (const std::exception& error) {
      say(measure.name + " failed: " + error.what());
      ++failed;
    }
    if (!out.empty()) test::write_file(out, to_json(rows));
  }
  if (!found) {
    say("no measure has a name that matches; there are " + names());
    return 1;
  }
  std::cout << to_table(rows);
  if (!out.empty()) std::cout << "\nalso in " << out << "\n";
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace shardkeeper::bench

int main(int argc, char** argv) {
  CLI::App app("Shardkeeper beside its peers. Exit code: 0 measured (bars may fail: see the table), 1 something could not be measured.",
               "bench");
  shardkeeper::bench::Context context{.programs = std::filesystem::path(argv[0]).parent_path()};
  std::string filter, out;
  bool quick = false;
  app.add_option("--filter", filter, "only measures whose name matches this regular expression (" + shardkeeper::bench::names() + ")");
  app.add_option("--out", out, "write the rows as JSON to this file");
  app.add_flag("--quick", quick, "fewer runs: a look, not a record");
  CLI11_PARSE(app, argc, argv);
  shardkeeper::log::set_level(shardkeeper::log::Level::kError);  // of agents that run in this process
  if (quick) context.effort = shardkeeper::bench::Context::Effort::kQuick;
  try {
    const std::regex chosen(filter);
    return shardkeeper::bench::supervised([&] { return shardkeeper::bench::run_all(context, chosen, out); });
  } catch (const std::exception& error) {
    shardkeeper::bench::say(error.what());
    return 1;
  }
}
