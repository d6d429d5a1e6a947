// A unary call on its way through the loop and back. Inside common/rpc only.
#pragma once

#include "common/error/result.h"
#include "common/rpc/error_map.h"
#include "common/rpc/mailbox.h"

#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_set>
#include <utility>

namespace shardkeeper::rpc {

// What a server says to calls that it can no longer carry out.
inline grpc::Status stopping() { return to_status(unavailable("", "is shutting down")); }
inline grpc::Status too_busy(const std::string& what) {
  return {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many " + what + " at the same time; try again"};
}

// Something that gRPC waits for until it is finished; see OpenCalls.
class OpenCall {
 public:
  virtual ~OpenCall() = default;
  // Nothing happens when it is finished already.
  virtual void finish(const grpc::Status& status) = 0;
};

// The calls that the loop has seen and not finished yet. A server that ends finishes them all: gRPC waits for every one.
// Shared by the server and its calls, which may outlive it as unanswered `done` callbacks. THREAD the loop's.
class OpenCalls {
 public:
  explicit OpenCalls(std::size_t calls_max) : calls_max_(calls_max) {}

  bool is_full() const { return calls_.size() >= calls_max_; }
  void add(OpenCall* call) { calls_.insert(call); }
  void remove(OpenCall* call) { calls_.erase(call); }
  void finish_all(const grpc::Status& status) {
    while (!calls_.empty()) (*calls_.begin())->finish(status);  // takes itself out
  }

 private:
  std::size_t calls_max_;
  std::unordered_set<OpenCall*> calls_;
};

// THREAD made by gRPC's thread; then the loop's, or still gRPC's when the loop never sees it.
template <typename Response>
class ServerCall final : public grpc::ServerUnaryReactor, public OpenCall {
 public:
  // Lives until gRPC is done with it and nobody else holds it. `response` is valid until finish.
  static std::shared_ptr<ServerCall> make(Response* response, std::shared_ptr<OpenCalls> calls) {
    auto call = std::shared_ptr<ServerCall>(new ServerCall(response, std::move(calls)));
    call->self_ = call;
    return call;
  }

  // On the loop, before anything else. RETURNS false when too many are open; the call is finished then.
  bool open() {
    if (calls_->is_full()) {
      finish(too_busy("calls"));
      return false;
    }
    calls_->add(this);
    is_open_ = true;
    return true;
  }

  // `write` fills the response.
  template <typename Write>
  void succeed(Write write) {
    if (is_finished_) return;
    write(*response_);
    finish(grpc::Status::OK);
  }

  void finish(const grpc::Status& status) override {
    if (std::exchange(is_finished_, true)) return;
    if (is_open_) calls_->remove(this);
    Finish(status);
  }

  void OnDone() override { self_.reset(); }

 private:
  ServerCall(Response* response, std::shared_ptr<OpenCalls> calls) : response_(response), calls_(std::move(calls)) {}

  Response* response_;
  std::shared_ptr<OpenCalls> calls_;
  bool is_open_ = false;
  bool is_finished_ = false;
  std::shared_ptr<ServerCall> self_;  // gRPC's share, until OnDone
};

// The callback for a handler: answers the call, once; also when the handler drops it unused.
template <typename Response>
class Answer {
 public:
  explicit Answer(std::shared_ptr<ServerCall<Response>> call) : call_(std::move(call)) {}
  ~Answer() { call_->finish(to_status(unknown_outcome("", "gave no answer"))); }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  ServerCall<Response>& call() { return *call_; }

 private:
  std::shared_ptr<ServerCall<Response>> call_;
};

// Brings a call to the loop and runs `work` there with the means to answer it: `work(std::shared_ptr<Answer<Response>>)`.
// RETURNS what the service's method must return.
template <typename Response, typename Work>
grpc::ServerUnaryReactor* run_on_loop(Mailbox& mailbox, const std::shared_ptr<OpenCalls>& calls, Response* response, Work work) {
  auto call = ServerCall<Response>::make(response, calls);
  const bool accepted = mailbox.post([call, work = std::move(work)]() mutable {
    if (call->open()) work(std::make_shared<Answer<Response>>(std::move(call)));
  });
  if (!accepted) call->finish(stopping());
  return call.get();
}

}  // namespace shardkeeper::rpc
