#include "coordinator/platform/kube/objects/time_text.h"

#include <cstdio>
#include <ctime>

namespace shardkeeper::platform::kube {
namespace {

std::string to_second(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return text;
}

}  // namespace

std::string time_text(std::int64_t unix_ms) { return to_second(unix_ms) + "Z"; }

std::string micro_time_text(std::int64_t unix_ms) {
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%03d000Z", static_cast<int>(unix_ms % 1000));
  return to_second(unix_ms) + fraction;
}

}  // namespace shardkeeper::platform::kube
