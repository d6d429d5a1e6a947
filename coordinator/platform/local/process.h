// One process of a pod: started or adopted, watched, signalled. It leads a session of its own and outlives this object.
#pragma once

#include "common/error/result.h"
#include "coordinator/platform/local/process_id.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::platform::local {

struct Command {
  std::filesystem::path program;         // executed as given, never resolved: some servers choose their mode by argv[0]
  std::vector<std::string> arguments;    // without the program's own name
  std::vector<std::string> environment;  // NAME=value, beside our own
  std::filesystem::path working_folder;
  std::filesystem::path log;  // stdout and stderr; cut to nothing at a start when longer than 10 MiB
  int held_until_exec = -1;   // a descriptor that the new process keeps until its program starts; REQUIRES close-on-exec. -1: none
};

// How a process ended. Both none: it was not our child, the kernel told somebody else.
struct ProcessEnd {
  std::optional<int> code;
  std::optional<int> signal;

  bool operator==(const ProcessEnd&) const = default;
};

// "exit code 3", "signal 9", "end unknown".
std::string to_string(const ProcessEnd& end);

// THREAD the loop's thread. Destroying it leaves the process running and `ended` uncalled; the loop still collects a child's end.
class Process {
 public:
  using Ended = std::function<void(const ProcessEnd&)>;

  // Starts `command` in a new session with /dev/null as input, default signal handling and, once its program runs, no descriptor of ours.
  // ERRORS kUnavailable: names the program and the system's reason. `ended` is called once, on the loop, and may destroy the object.
  static Result<std::unique_ptr<Process>> start(boost::asio::io_context& loop, const Command& command, Ended ended);
  // Watches a process that an earlier coordinator started. RETURNS null when it is gone or its number belongs to another.
  static std::unique_ptr<Process> adopt(boost::asio::io_context& loop, const ProcessId& id, Ended ended);

  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  const ProcessId& id() const { return watch_->id; }
  // To this process alone.
  void signal(int number);
  // To it and what it forked.
  void signal_group(int number);

 private:
  struct Watch {
    ProcessId id;
    boost::asio::posix::stream_descriptor descriptor;  // a pidfd: readable when the process has ended
    Ended ended;                                       // empty once the Process is destroyed
  };

  Process(boost::asio::io_context& loop, ProcessId id, int descriptor, Ended ended);
  static ProcessEnd collect(Watch& watch);

  std::shared_ptr<Watch> watch_;  // owners: this object, and the loop until the process ends (or no child of ours would be collected)
};

}  // namespace shardkeeper::platform::local
