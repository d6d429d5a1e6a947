#include "bench/support/process_cost.h"

#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace shardkeeper::bench {
namespace {

namespace fs = std::filesystem;

// "VmRSS:     1234 kB"
double mib_in(const std::string& status, const std::string& name) {
  const auto at = status.find(name + ":");
  return at == std::string::npos ? 0 : std::strtod(status.c_str() + at + name.size() + 1, nullptr) / 1024;
}

}  // namespace

ProcessCost cost_of(pid_t pid) {
  const fs::path folder = "/proc/" + std::to_string(pid);
  const std::string status = test::read_file(folder / "status");
  if (status.empty()) throw std::runtime_error(folder.string() + ": no such process");
  ProcessCost cost{.rss_mib = mib_in(status, "VmRSS"), .anonymous_mib = mib_in(status, "RssAnon")};
  // schedstat counts nanoseconds; the ticks of /proc/PID/stat are 10 ms, as long as ten scrapes.
  std::error_code ignored;
  for (const auto& thread : fs::directory_iterator(folder / "task", ignored))
    cost.cpu += std::chrono::nanoseconds(std::strtoll(test::read_file(thread.path() / "schedstat").c_str(), nullptr, 10));
  return cost;
}

double idle_cpu_percent(pid_t pid, std::chrono::milliseconds time) {
  const auto before = cost_of(pid).cpu;
  const bool ended = test::wait_until([pid] { return !fs::exists("/proc/" + std::to_string(pid)); }, time, time / 10);
  if (ended) throw std::runtime_error("process " + std::to_string(pid) + " ended while it was measured");
  return static_cast<double>((cost_of(pid).cpu - before).count()) / static_cast<double>(std::chrono::nanoseconds(time).count()) * 100;
}

}  // namespace shardkeeper::bench
