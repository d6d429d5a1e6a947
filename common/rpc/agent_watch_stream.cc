#include "common/rpc/agent_watch_stream.h"

#include "common/rpc/convert/node_state.h"
#include "common/rpc/convert/watch.h"
#include "common/rpc/error_map.h"

#include <utility>

namespace shardkeeper::rpc {

std::shared_ptr<AgentWatchStream> AgentWatchStream::make(std::shared_ptr<Mailbox> mailbox) {
  auto stream = std::shared_ptr<AgentWatchStream>(new AgentWatchStream(std::move(mailbox)));
  stream->self_ = stream;
  return stream;
}

void AgentWatchStream::open(Events events) {
  events_ = std::move(events);
  StartRead(&incoming_);
}

void AgentWatchStream::send(const NodeState* state) {
  if (is_finished_) return;
  if (state == nullptr)
    queue_.push_beat();
  else
    queue_.push(*state);
  if (!is_writing_) write_next();
}

void AgentWatchStream::finish(const grpc::Status& status) {
  if (std::exchange(is_finished_, true)) return;
  events_ = {};
  Finish(status);
}

void AgentWatchStream::OnReadDone(bool ok) {
  // A refused post needs no answer: the server is ending and finishes every stream itself.
  auto self = self_;
  if (!ok) {
    mailbox_->post([self] { self->closed(grpc::Status::OK); });
    return;
  }
  mailbox_->post([self, message = convert::from_proto(incoming_)] { self->message_arrived(message); });
}

void AgentWatchStream::OnWriteDone(bool) {
  // A failed write is followed by OnCancel; until then there is just nothing more to write.
  mailbox_->post([self = self_] {
    self->is_writing_ = false;
    if (!self->is_finished_) self->write_next();
  });
}

void AgentWatchStream::OnCancel() {
  mailbox_->post([self = self_] { self->closed(grpc::Status::OK); });
}

void AgentWatchStream::message_arrived(const Result<FromCoordinator>& message) {
  if (is_finished_) return;
  if (!message) {
    closed(to_status(message.error()));
    return;
  }
  events_.on_message(*message);
  if (!is_finished_) StartRead(&incoming_);
}

void AgentWatchStream::closed(const grpc::Status& status) {
  if (is_finished_) return;
  const auto on_closed = std::move(events_.on_closed);
  finish(status);
  on_closed();
}

void AgentWatchStream::write_next() {
  if (queue_.empty()) return;
  outgoing_.Clear();
  if (const auto state = queue_.pop()) convert::to_proto(*state, *outgoing_.mutable_state());
  is_writing_ = true;
  StartWrite(&outgoing_);
}

}  // namespace shardkeeper::rpc
