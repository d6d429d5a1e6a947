// The coordinator's end of one Watch stream. Inside common/rpc only.
#pragma once

#include "common/error/result.h"
#include "common/node/node_state.h"
#include "common/rpc/agent_api.h"
#include "common/rpc/mailbox.h"
#include "common/rpc/outstanding.h"

#include "shardkeeper/agent/v1/agent.grpc.pb.h"

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <cstdint>
#include <memory>
#include <optional>

namespace shardkeeper::rpc {

// What is said with `newer`, without forgetting what `older` asked for. Pure.
FromCoordinator merged(FromCoordinator older, FromCoordinator newer);

// gRPC's threads only convert and post; everything else happens on the loop. One read and one write are under way at most.
class WatchCall final : public grpc::ClientBidiReactor<agent::v1::FromCoordinator, agent::v1::FromAgent> {
 public:
  // THREAD the loop's. May cancel the call or destroy itself inside.
  class Listener {
   public:
    virtual void watch_said(Result<std::optional<NodeState>> message) = 0;  // none: a beat
    virtual void watch_ended(const grpc::Status& status) = 0;               // the last word
    virtual ~Listener() = default;
  };

  // Opens the stream with `first`. It lives, and keeps the stub, until gRPC is done with it and the loop has heard so.
  static std::shared_ptr<WatchCall> start(std::shared_ptr<agent::v1::Agent::Stub> stub, std::shared_ptr<Mailbox> mailbox,
                                          std::shared_ptr<Outstanding> outstanding, Listener& listener, const FromCoordinator& first);

  // While an earlier message is on its way, later ones are merged into one. THREAD the loop's.
  void send(FromCoordinator message);
  // The listener hears nothing more. Must be called, by the loop, unless watch_ended came.
  void cancel();

 private:
  WatchCall(std::shared_ptr<agent::v1::Agent::Stub> stub, std::shared_ptr<Mailbox> mailbox, std::shared_ptr<Outstanding> outstanding,
            Listener& listener);
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;
  void message_arrived(Result<std::optional<NodeState>> message);
  void write(const FromCoordinator& message);
  void release();

  const std::shared_ptr<agent::v1::Agent::Stub> stub_;
  const std::shared_ptr<Mailbox> mailbox_;
  const std::shared_ptr<Outstanding> outstanding_;
  grpc::ClientContext context_;
  agent::v1::FromAgent incoming_;        // gRPC's from StartRead to OnReadDone
  agent::v1::FromCoordinator outgoing_;  // gRPC's from StartWrite to OnWriteDone
  Listener* listener_;                   // loop only; null after cancel
  std::optional<FromCoordinator> waiting_;
  bool is_writing_ = false;
  bool is_held_ = true;   // while the loop may still start reads and writes
  std::uint64_t id_ = 0;  // among the outstanding ones, which keep this object
};

}  // namespace shardkeeper::rpc
