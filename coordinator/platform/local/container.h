// Keeps one program of a pod running, as a kubelet keeps a container, and knows what to say about it.
#pragma once

#include "common/error/result.h"
#include "common/time/scheduler.h"
#include "coordinator/model/pods.h"
#include "coordinator/platform/local/back_off.h"
#include "coordinator/platform/local/pod_record.h"
#include "coordinator/platform/local/process.h"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>

namespace shardkeeper::platform::local {

enum class RestartPolicy {
  kUntilSuccess,  // an init container: until it ends with exit code 0
  kAlways,
};

// State: down -> (start) up <-> back-off -> (stop) down. Frozen stands beside it: the worker is lost, so the status stays as it was last
// seen and nothing is started, whatever happens to the process.
// THREAD the loop's thread. Destroying it leaves the process running.
class Container {
 public:
  struct Setup {
    std::string name;
    std::filesystem::path log;  // where the command writes, for quoting its last words
    RestartPolicy policy = RestartPolicy::kAlways;
    std::function<Result<Command>()> command;      // asked at every start; an error is trouble and is tried again
    std::function<Result<void>()> record_changed;  // writes the record down; where that fails the process must not run
    std::function<void()> succeeded;               // kUntilSuccess: it ended with exit code 0
    std::function<void()> stopped;                 // after stop(): no process is left
  };

  // `record` is the state that outlives us. REQUIRES record, loop and scheduler outlive this.
  Container(boost::asio::io_context& loop, Scheduler& scheduler, ContainerRecord& record, Setup setup);

  // Watches the process of the record if it still lives, else sees its end now.
  void adopt();
  // Starts the program unless it runs, and again whenever it ends.
  void start();
  // From now on an end is final.
  void keep_down();
  // keep_down(), and sends `signal` to the process, SIGKILL to all that it forked too. May be repeated with another signal. `stopped` follows.
  void stop(int signal);

  // Sends `signal` to all that runs and looks away.
  void freeze(int signal);
  // Looks again: a stopped process continues, an ended one is started again unless it was to be kept down.
  void thaw();

  bool is_down() const { return wish_ == Wish::kDown && !record_.process; }
  model::ContainerStatus status() const;
  const std::string& trouble() const { return trouble_; }  // "" when nothing is wrong

 private:
  enum class Wish { kDown, kUp };

  void begin();
  void started(std::unique_ptr<Process> process);
  void process_ended(const ProcessEnd& end);
  void note_end(const ProcessEnd& end);
  void retry(std::string trouble);
  void begin_after(Duration delay);
  void write_down();

  boost::asio::io_context& loop_;
  Scheduler& scheduler_;
  ContainerRecord& record_;
  Setup setup_;
  Wish wish_ = Wish::kDown;
  bool is_frozen_ = false;
  BackOff back_off_;
  TimePoint up_since_;
  std::string trouble_;
  std::unique_ptr<Process> process_;  // null while down, in back-off, or ended unseen while frozen
  std::unique_ptr<Timer> timer_;      // back-off while down; while up: until trouble is forgotten
};

}  // namespace shardkeeper::platform::local
