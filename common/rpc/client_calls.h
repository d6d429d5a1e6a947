// The unary calls that one owner has under way. Inside common/rpc only.
#pragma once

#include "common/rpc/grpc_library.h"
#include "common/rpc/mailbox.h"
#include "common/rpc/outstanding.h"

#include <google/protobuf/message.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

namespace shardkeeper::rpc {

// THREAD the loop's; answers come there, never before begin() has returned. Destruction cancels; no answer comes after, and the
// callbacks are destroyed with it: gRPC's threads never hold one.
class ClientCalls {
 public:
  ClientCalls(std::shared_ptr<Mailbox> mailbox, std::shared_ptr<Outstanding> outstanding)
      : mailbox_(std::move(mailbox)), outstanding_(std::move(outstanding)) {}
  ~ClientCalls() {
    for (const auto& [context, done] : *waiting_) context->TryCancel();
  }
  ClientCalls(const ClientCalls&) = delete;
  ClientCalls& operator=(const ClientCalls&) = delete;

  std::size_t size() const { return waiting_->size(); }

  // `method` is one of the stub's asynchronous ones. `done(const grpc::Status&, const Response&)`.
  // The stub, and with it the channel, is kept until the call is over.
  template <typename Stub, typename Async, typename Request, typename Response, typename Done>
  void begin(std::shared_ptr<Stub> stub,
             void (Async::*method)(grpc::ClientContext*, const Request*, Response*, std::function<void(grpc::Status)>), Request request,
             std::chrono::milliseconds deadline, Done done) {
    struct Call {
      grpc::ClientContext context;
      std::shared_ptr<Stub> stub;
      Request request;
      Response response;
    };
    auto call = std::shared_ptr<Call>(new Call{{}, std::move(stub), std::move(request), {}});
    call->context.set_deadline(deadline_after(deadline));
    waiting_->emplace(&call->context, [done = std::move(done)](const grpc::Status& status, const google::protobuf::Message& response) {
      done(status, static_cast<const Response&>(response));
    });
    const std::uint64_t id = outstanding_->began(call);
    // What gRPC's thread needs: this object may be gone by then, the call is kept.
    auto answered = [call = call.get(), id, mailbox = mailbox_, outstanding = outstanding_,
                     waiting = std::weak_ptr(waiting_)](const grpc::Status& status) {
      mailbox->post([call, id, outstanding, waiting, status] {
        answer(waiting, &call->context, status, call->response);
        outstanding->forget(id);
      });
      outstanding->ended();
    };
    (call->stub->async()->*method)(&call->context, &call->request, &call->response, std::move(answered));
  }

  // Answers through the same way without a call, for what fails before it begins.
  template <typename Answer>
  void answer_later(Answer answer) {
    mailbox_->post([answer = std::move(answer), waiting = std::weak_ptr(waiting_)] {
      if (!waiting.expired()) answer();
    });
  }

 private:
  using Waiting = std::unordered_map<grpc::ClientContext*, std::function<void(const grpc::Status&, const google::protobuf::Message&)>>;

  static void answer(const std::weak_ptr<Waiting>& waiting, grpc::ClientContext* context, const grpc::Status& status,
                     const google::protobuf::Message& response) {
    const auto alive = waiting.lock();
    if (!alive) return;
    const auto call = alive->extract(context);  // before the callback, which may destroy the owner
    call.mapped()(status, response);
  }

  const std::shared_ptr<Mailbox> mailbox_;
  const std::shared_ptr<Outstanding> outstanding_;
  // The calls that are not answered yet; shared only so that answers see when the owner is gone.
  const std::shared_ptr<Waiting> waiting_ = std::make_shared<Waiting>();
};

}  // namespace shardkeeper::rpc
