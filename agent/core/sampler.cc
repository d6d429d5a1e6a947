#include "agent/core/sampler.h"

#include <algorithm>

namespace shardkeeper::agent {

std::uint64_t Sampler::ask(Depth depth) {
  if (!running_) {
    start(depth, ++last_number_);
    return last_number_;
  }
  next_ = std::max(next_.value_or(Depth::kLight), depth);
  return running_->number + 1;
}

void Sampler::start(Depth depth, std::uint64_t number) {
  auto asked = questions(depth);
  running_ = Running{number, depth, scheduler_.now(), std::vector<valkey::Reply>(asked.size()), asked.size(), std::nullopt};
  for (std::size_t at = 0; at < asked.size(); ++at) {
    server_.call(std::move(asked[at]), [this, number, at, alive = alive_.watch()](Result<valkey::Reply> reply) {
      if (!alive.expired()) on_reply(number, at, std::move(reply));
    });
  }
}

void Sampler::on_reply(std::uint64_t number, std::size_t at, Result<valkey::Reply> reply) {
  if (!running_ || running_->number != number) return;
  if (reply)
    running_->replies[at] = std::move(*reply);
  else if (!running_->failure)
    running_->failure = reply.error();
  if (--running_->missing == 0) finish();
}

void Sampler::finish() {
  const Running finished = std::move(*running_);
  running_.reset();
  const TimePoint begin = scheduler_.now();
  time_ = begin - finished.begin;
  Result<Round> round = finished.failure ? Result<Round>(*finished.failure) : read_round(finished.depth, finished.replies);
  if (round && finished.depth == Depth::kLight && round->cluster != known_) return start(Depth::kFull, finished.number);
  if (round && finished.depth == Depth::kFull) known_ = round->cluster;
  if (!round) known_.reset();

  const std::weak_ptr<const void> alive = alive_.watch();
  done_(finished.number, std::move(round));
  if (alive.expired()) return;
  cost_ = scheduler_.now() - begin;
  if (next_ && !running_) {
    const Depth depth = *next_;
    next_.reset();
    start(depth, ++last_number_);
  }
}

}  // namespace shardkeeper::agent
