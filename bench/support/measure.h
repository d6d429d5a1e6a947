// What a benchmark gets and gives. To add one: write a function of this shape in a file of its own, name it in main.cc's list.
#pragma once

#include "bench/support/results.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace shardkeeper::bench {

struct Context {
  enum class Effort { kQuick, kFull } effort = Effort::kFull;
  std::filesystem::path programs;  // the folder of shardkeeper-coordinator and the other shipped programs

  // How often to repeat something: for a quick look, or for the record.
  int runs(int quick, int full) const { return effort == Effort::kQuick ? quick : full; }
};

struct Measure {
  std::string name;  // a word for --filter
  // Throws std::runtime_error when it cannot be measured; the other measures still run.
  std::function<std::vector<Row>(const Context&)> run;
};

// One line on stderr about what is going on: some measures take minutes.
void say(const std::string& text);

// The middle, the nearest rank at `part` (0..1), of a list that is not empty.
double median(std::vector<double> values);
double percentile(std::vector<double> values, double part);

std::vector<Row> measure_create(const Context& context);
std::vector<Row> measure_failover(const Context& context);
std::vector<Row> measure_exporter(const Context& context);
std::vector<Row> measure_coordinator(const Context& context);
std::vector<Row> measure_planner(const Context& context);
std::vector<Row> measure_migrate(const Context& context);
std::vector<Row> measure_scale(const Context& context);
std::vector<Row> measure_kubernetes(const Context& context);

}  // namespace shardkeeper::bench
