// The coordinator's end of one WatchStatus stream. Inside common/rpc only.
#pragma once

#include "common/rpc/mailbox.h"

#include "shardkeeper/admin/v1/admin.pb.h"

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <optional>

namespace shardkeeper::rpc {

// One write is under way at most; of what comes meanwhile the newest waits.
class AdminWatchStream final : public grpc::ServerWriteReactor<admin::v1::Status> {
 public:
  // Lives until gRPC is done with it and nobody else holds it. THREAD any.
  static std::shared_ptr<AdminWatchStream> make(std::shared_ptr<Mailbox> mailbox);

  // `on_closed`: the other side went away; on the loop, once, not after finish. THREAD all three the loop's.
  void open(std::function<void()> on_closed);
  void send(admin::v1::Status status);
  // Nothing happens when it is finished already. (THREAD gRPC's where the loop never saw the stream.)
  void finish(const grpc::Status& status);

 private:
  explicit AdminWatchStream(std::shared_ptr<Mailbox> mailbox) : mailbox_(std::move(mailbox)) {}
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { self_.reset(); }
  void write_next();

  const std::shared_ptr<Mailbox> mailbox_;
  admin::v1::Status outgoing_;  // gRPC's from StartWrite to OnWriteDone
  std::optional<admin::v1::Status> waiting_;
  std::function<void()> on_closed_;
  bool is_writing_ = false;
  bool is_finished_ = false;
  std::shared_ptr<AdminWatchStream> self_;  // gRPC's share, until OnDone
};

}  // namespace shardkeeper::rpc
