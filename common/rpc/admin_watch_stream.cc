#include "common/rpc/admin_watch_stream.h"

#include "common/rpc/clean_message.h"

#include <utility>

namespace shardkeeper::rpc {

std::shared_ptr<AdminWatchStream> AdminWatchStream::make(std::shared_ptr<Mailbox> mailbox) {
  auto stream = std::shared_ptr<AdminWatchStream>(new AdminWatchStream(std::move(mailbox)));
  stream->self_ = stream;
  return stream;
}

void AdminWatchStream::open(std::function<void()> on_closed) { on_closed_ = std::move(on_closed); }

void AdminWatchStream::send(admin::v1::Status status) {
  if (is_finished_) return;
  waiting_ = std::move(status);
  clean(*waiting_);
  if (!is_writing_) write_next();
}

void AdminWatchStream::finish(const grpc::Status& status) {
  if (std::exchange(is_finished_, true)) return;
  on_closed_ = nullptr;
  Finish(status);
}

void AdminWatchStream::OnWriteDone(bool) {
  // A refused post needs no answer: the server is ending and finishes every stream itself.
  mailbox_->post([self = self_] {
    self->is_writing_ = false;
    if (!self->is_finished_ && self->waiting_) self->write_next();
  });
}

void AdminWatchStream::OnCancel() {
  mailbox_->post([self = self_] {
    if (self->is_finished_) return;
    const auto on_closed = std::move(self->on_closed_);
    self->finish(grpc::Status::CANCELLED);
    if (on_closed) on_closed();
  });
}

void AdminWatchStream::write_next() {
  outgoing_ = *std::exchange(waiting_, std::nullopt);
  is_writing_ = true;
  StartWrite(&outgoing_);
}

}  // namespace shardkeeper::rpc
