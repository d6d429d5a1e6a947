// The agent's end of one Watch stream. Inside common/rpc only.
#pragma once

#include "common/node/node_state.h"
#include "common/rpc/agent_api.h"
#include "common/rpc/mailbox.h"
#include "common/rpc/state_queue.h"

#include "shardkeeper/agent/v1/agent.pb.h"

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>

namespace shardkeeper::rpc {

// gRPC's threads only convert and post; everything else happens on the loop. One read and one write are under way at most.
class AgentWatchStream final : public grpc::ServerBidiReactor<agent::v1::FromCoordinator, agent::v1::FromAgent> {
 public:
  // On the loop, between open() and finish().
  struct Events {
    std::function<void(const FromCoordinator&)> on_message;
    std::function<void()> on_closed;  // by the other side; once, the last event
  };

  // Lives until gRPC is done with it and nobody else holds it. THREAD any.
  static std::shared_ptr<AgentWatchStream> make(std::shared_ptr<Mailbox> mailbox);

  // THREAD all three the loop's.
  void open(Events events);
  void send(const NodeState* state);  // null: a beat. Nothing happens after finish.
  // No event comes after. Nothing happens when it is finished already. (THREAD gRPC's where the loop never saw the stream.)
  void finish(const grpc::Status& status);

 private:
  explicit AgentWatchStream(std::shared_ptr<Mailbox> mailbox) : mailbox_(std::move(mailbox)) {}
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { self_.reset(); }
  void message_arrived(const Result<FromCoordinator>& message);
  void closed(const grpc::Status& status);
  void write_next();

  const std::shared_ptr<Mailbox> mailbox_;
  agent::v1::FromCoordinator incoming_;  // gRPC's from StartRead to OnReadDone
  agent::v1::FromAgent outgoing_;        // gRPC's from StartWrite to OnWriteDone
  Events events_;
  StateQueue queue_;
  bool is_writing_ = false;
  bool is_finished_ = false;
  std::shared_ptr<AgentWatchStream> self_;  // gRPC's share, until OnDone
};

}  // namespace shardkeeper::rpc
