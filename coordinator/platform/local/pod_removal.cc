#include "coordinator/platform/local/pod_removal.h"

#include <csignal>

namespace shardkeeper::platform::local {

PodRemoval::PodRemoval(boost::asio::io_context& loop, Scheduler& scheduler, Containers containers, std::function<void()> done)
    : loop_(loop), scheduler_(scheduler), containers_(containers), done_(std::move(done)) {}

void PodRemoval::start(Duration grace, const std::optional<Command>& pre_stop) {
  if (stage_ > Stage::kServer) return;  // the server's grace period is over already
  timer_ = scheduler_.after(grace, [this] { grace_over(); });
  if (stage_ != Stage::kIdle) return;
  stage_ = Stage::kPreStop;
  containers_.valkey.keep_down();
  if (pre_stop && !containers_.valkey.is_down()) ask(*pre_stop);
  containers_.prepare.stop(SIGKILL);
  // Without a preStop, or when it cannot be asked, the server's own net (shutdown-on-sigterm) is what is left.
  if (pre_stop_ == nullptr && stage_ == Stage::kPreStop) stop_server();
}

void PodRemoval::grace_over() {
  end_pre_stop();
  stage_ = Stage::kServer;
  containers_.valkey.stop(SIGKILL);
}

void PodRemoval::ask(const Command& pre_stop) {
  auto process = Process::start(loop_, pre_stop, [this](const ProcessEnd&) {
    pre_stop_.reset();
    if (stage_ == Stage::kPreStop)
      stop_server();
    else
      go_on();
  });
  if (process) pre_stop_ = std::move(*process);
}

void PodRemoval::kill_at_once() {
  end_pre_stop();
  timer_.reset();
  stage_ = Stage::kKilling;
  containers_.prepare.stop(SIGKILL);
  containers_.valkey.stop(SIGKILL);
  containers_.agent.stop(SIGKILL);
}

void PodRemoval::stop_server() {
  stage_ = Stage::kServer;
  containers_.valkey.stop(SIGTERM);
}

// One place decides what comes next, from what is down; it may be called at any time and within itself.
void PodRemoval::go_on() {
  if (stage_ == Stage::kDone || !containers_.valkey.is_down() || !containers_.prepare.is_down()) return;
  if (stage_ == Stage::kPreStop || stage_ == Stage::kServer) {
    end_pre_stop();
    stage_ = Stage::kAgent;
    timer_ = scheduler_.after(kAgentGrace, [this] { containers_.agent.stop(SIGKILL); });
    containers_.agent.stop(SIGTERM);
  }
  if (stage_ == Stage::kDone || !containers_.agent.is_down() || pre_stop_ != nullptr) return;
  stage_ = Stage::kDone;
  timer_.reset();
  scheduler_.post(done_);
}

void PodRemoval::end_pre_stop() {
  if (pre_stop_ != nullptr) pre_stop_->signal_group(SIGKILL);  // its end is waited for, so that no zombie stays
}

}  // namespace shardkeeper::platform::local
