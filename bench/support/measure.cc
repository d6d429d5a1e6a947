#include "bench/support/measure.h"

#include <algorithm>
#include <cmath>
#include <iostream>

namespace shardkeeper::bench {

void say(const std::string& text) { std::cerr << "bench: " << text << std::endl; }

double percentile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

double median(std::vector<double> values) { return percentile(std::move(values), 0.5); }

}  // namespace shardkeeper::bench
