#include "coordinator/platform/local/container.h"

#include "common/log/log.h"
#include "coordinator/platform/local/last_words.h"

#include <algorithm>
#include <csignal>

namespace shardkeeper::platform::local {
namespace {

// A program that fails at start does so at once; one that is up this long has got over what was wrong.
constexpr Duration kTroubleForgottenAfter = std::chrono::seconds(2);

}  // namespace

Container::Container(boost::asio::io_context& loop, Scheduler& scheduler, ContainerRecord& record, Setup setup)
    : loop_(loop), scheduler_(scheduler), record_(record), setup_(std::move(setup)), up_since_(scheduler.now()) {}

void Container::adopt() {
  if (!record_.process) return;
  process_ = Process::adopt(loop_, *record_.process, [this](const ProcessEnd& end) { process_ended(end); });
  up_since_ = scheduler_.now();
  if (process_ != nullptr || is_frozen_) return;
  record_.terminated_id = record_.id;
  record_.process.reset();
}

void Container::start() {
  wish_ = Wish::kUp;
  if (!is_frozen_ && !record_.process && timer_ == nullptr) begin();
}

void Container::keep_down() {
  wish_ = Wish::kDown;
  if (!record_.process) timer_.reset();
}

void Container::stop(int signal) {
  keep_down();
  is_frozen_ = false;
  if (process_ != nullptr) {
    if (signal == SIGKILL)
      process_->signal_group(SIGKILL);
    else
      process_->signal(signal);
    return;
  }
  if (record_.process) return note_end({});  // it ended while nobody looked
  setup_.stopped();
}

void Container::freeze(int signal) {
  is_frozen_ = true;
  timer_.reset();
  if (process_ != nullptr) process_->signal_group(signal);
}

void Container::thaw() {
  if (!is_frozen_) return;
  is_frozen_ = false;
  if (process_ != nullptr) return process_->signal_group(SIGCONT);
  if (record_.process) return note_end({});
  if (wish_ == Wish::kUp) begin();
}

model::ContainerStatus Container::status() const {
  return {setup_.name, record_.id, record_.process.has_value(), record_.terminated_id, record_.restarts};
}

void Container::begin() {
  timer_.reset();
  const auto command = setup_.command();
  if (!command) return retry(to_string(command.error()));
  auto process = Process::start(loop_, *command, [this](const ProcessEnd& end) { process_ended(end); });
  if (!process) return retry(to_string(process.error()));
  started(std::move(*process));
}

void Container::started(std::unique_ptr<Process> process) {
  process_ = std::move(process);
  up_since_ = scheduler_.now();
  if (!record_.id.empty()) ++record_.restarts;
  record_.id = to_string(process_->id());
  record_.process = process_->id();
  // A process that is not written down would be unknown to the next coordinator, which would start a second one beside it.
  if (const auto written = setup_.record_changed(); !written) {
    trouble_ = setup_.name + ": " + to_string(written.error());
    return process_->signal_group(SIGKILL);
  }
  if (trouble_.empty()) return;
  timer_ = scheduler_.after(kTroubleForgottenAfter, [this] {
    trouble_.clear();
    timer_.reset();
    write_down();
  });
}

void Container::process_ended(const ProcessEnd& end) {
  process_.reset();
  if (!is_frozen_) note_end(end);
}

void Container::note_end(const ProcessEnd& end) {
  timer_.reset();
  record_.terminated_id = record_.id;
  record_.process.reset();
  const bool is_success = end.code == 0;
  trouble_.clear();
  if (wish_ == Wish::kDown) {
    write_down();
    return setup_.stopped();
  }
  if (end.code && !is_success) trouble_ = setup_.name + " ended with " + to_string(end) + last_words(setup_.log);
  if (setup_.policy == RestartPolicy::kAlways || !is_success)
    log::info("container ended", {{"container", setup_.name}, {"id", record_.id}, {"end", to_string(end)}, {"log", setup_.log.string()}});
  if (setup_.policy == RestartPolicy::kUntilSuccess && is_success) {
    wish_ = Wish::kDown;
    return setup_.succeeded();
  }
  begin_after(back_off_.next(scheduler_.now() - up_since_));
  write_down();
}

void Container::retry(std::string trouble) {
  if (trouble_ != trouble) log::warn("container cannot be started", {{"container", setup_.name}, {"reason", trouble}});
  trouble_ = std::move(trouble);
  begin_after(std::max<Duration>(back_off_.next(Duration{0}), std::chrono::milliseconds(10)));
  write_down();
}

void Container::begin_after(Duration delay) {
  timer_ = scheduler_.after(delay, [this] { begin(); });
}

// Where it fails, the file says that the process still runs: the next coordinator will find that it does not.
void Container::write_down() {
  if (const auto written = setup_.record_changed(); !written) trouble_ = setup_.name + ": " + to_string(written.error());
}

}  // namespace shardkeeper::platform::local
