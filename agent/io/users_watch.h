// Reads the users' file, and again whenever it has changed.
#pragma once

#include "common/error/result.h"
#include "common/time/scheduler.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace shardkeeper::agent {

// Every kPoll: a platform swaps such files by symbolic links that no notification covers.
// THREAD the loop's. `changed` is called from inside the constructor, too. REQUIRES the scheduler outlives it.
class UsersWatch {
 public:
  static constexpr Duration kPoll = std::chrono::seconds(2);
  static constexpr std::size_t kBytesMax = 1024 * 1024;  // what a Secret can hold

  // ERRORS to `changed`: kNotFound, kInvalid (too large), kUnavailable.
  UsersWatch(Scheduler& scheduler, std::filesystem::path file, std::function<void(const Result<std::string>&)> changed);

 private:
  void look();

  Scheduler& scheduler_;
  const std::filesystem::path file_;
  const std::function<void(const Result<std::string>&)> changed_;
  std::optional<std::string> seen_;  // its text, or the error's
  std::unique_ptr<Timer> timer_;
};

}  // namespace shardkeeper::agent
