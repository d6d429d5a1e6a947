#include "common/rpc/watch_call.h"

#include "common/rpc/convert/node_state.h"
#include "common/rpc/convert/watch.h"

#include <algorithm>
#include <utility>

namespace shardkeeper::rpc {
namespace {

Result<std::optional<NodeState>> read(const agent::v1::FromAgent& message) {
  auto state = convert::from_proto(message.state());
  if (!state) return state.error();
  return std::optional<NodeState>(std::move(*state));
}

}  // namespace

FromCoordinator merged(FromCoordinator older, FromCoordinator newer) {
  newer.report_nonce = std::max(older.report_nonce, newer.report_nonce);
  newer.want_view = older.want_view || newer.want_view;
  if (newer.peers.empty()) newer.peers = std::move(older.peers);
  return newer;
}

std::shared_ptr<WatchCall> WatchCall::start(std::shared_ptr<agent::v1::Agent::Stub> stub, std::shared_ptr<Mailbox> mailbox,
                                            std::shared_ptr<Outstanding> outstanding, Listener& listener, const FromCoordinator& first) {
  auto call = std::shared_ptr<WatchCall>(new WatchCall(std::move(stub), std::move(mailbox), std::move(outstanding), listener));
  call->id_ = call->outstanding_->began(call);
  call->stub_->async()->Watch(&call->context_, call.get());
  call->AddHold();
  call->write(first);
  call->StartRead(&call->incoming_);
  call->StartCall();
  return call;
}

WatchCall::WatchCall(std::shared_ptr<agent::v1::Agent::Stub> stub, std::shared_ptr<Mailbox> mailbox,
                     std::shared_ptr<Outstanding> outstanding, Listener& listener)
    : stub_(std::move(stub)), mailbox_(std::move(mailbox)), outstanding_(std::move(outstanding)), listener_(&listener) {}

void WatchCall::send(FromCoordinator message) {
  if (!is_held_) return;
  if (!is_writing_) return write(message);
  waiting_ = waiting_ ? merged(std::move(*waiting_), std::move(message)) : std::move(message);
}

void WatchCall::cancel() {
  listener_ = nullptr;
  context_.TryCancel();
  release();
}

// Posts hold no share of this call: the loop keeps it until it has seen the one of OnDone, which is the last.
void WatchCall::OnReadDone(bool ok) {
  // A refused post means that the client is ending; it has cancelled this call before.
  if (!ok) {
    mailbox_->post([this] { release(); });
    return;
  }
  if (!incoming_.has_state()) {
    mailbox_->post([this] { message_arrived(std::optional<NodeState>()); });
    return;
  }
  // In a box, because posted work must be copyable and a state is big.
  auto message = std::make_shared<Result<std::optional<NodeState>>>(read(incoming_));
  mailbox_->post([this, message] { message_arrived(std::move(*message)); });
}

void WatchCall::OnWriteDone(bool) {
  // A failed write is followed by a failed read, which ends the call.
  mailbox_->post([this] {
    is_writing_ = false;
    if (is_held_ && waiting_) write(*std::exchange(waiting_, std::nullopt));
  });
}

void WatchCall::OnDone(const grpc::Status& status) {
  const auto outstanding = outstanding_;  // the loop may destroy this call as soon as it has the post
  mailbox_->post([this, outstanding, status] {
    const auto id = id_;
    if (auto* const listener = std::exchange(listener_, nullptr)) listener->watch_ended(status);
    outstanding->forget(id);
  });
  outstanding->ended();
}

void WatchCall::message_arrived(Result<std::optional<NodeState>> message) {
  if (listener_ == nullptr) return;
  listener_->watch_said(std::move(message));
  if (is_held_) StartRead(&incoming_);
}

void WatchCall::write(const FromCoordinator& message) {
  outgoing_.Clear();
  convert::to_proto(message, outgoing_);
  is_writing_ = true;
  StartWrite(&outgoing_);
}

void WatchCall::release() {
  if (std::exchange(is_held_, false)) RemoveHold();
}

}  // namespace shardkeeper::rpc
