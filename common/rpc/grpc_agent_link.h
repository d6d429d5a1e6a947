// One watched agent over gRPC: keeps the stream open, passes commands on. Inside common/rpc only.
#pragma once

#include "common/rpc/agent_api.h"
#include "common/rpc/backoff.h"
#include "common/rpc/client_calls.h"
#include "common/rpc/mailbox.h"
#include "common/rpc/outstanding.h"
#include "common/rpc/watch_call.h"
#include "common/time/scheduler.h"

#include <grpcpp/security/credentials.h>

#include <map>
#include <memory>
#include <string>

namespace shardkeeper::rpc {

// What all links of a dialer share. THREAD the loop's; mailbox and outstanding any.
struct LinkShared {
  Scheduler& scheduler;
  std::shared_ptr<Mailbox> mailbox;
  std::shared_ptr<Outstanding> outstanding = std::make_shared<Outstanding>();
  std::map<ClusterName, std::shared_ptr<grpc::ChannelCredentials>> credentials;
  int links = 0;  // alive
};

struct LinkTarget {
  ClusterName cluster;
  PodName pod;
  std::string address;  // ip:port
  FenceToken token;
  std::chrono::milliseconds node_timeout;
};

//            dial                    first message               stream ended, or a message that makes no sense
//   Waiting ------> Connecting ---------------------> Up ------------------------------------------------------> Waiting
//      ^               | cannot connect, refused                                         (next try after Backoff) ^
//      +---------------+
// A stream that has said nothing for two node timeouts is given up like one that ended: after a netsplit TCP would wait for
// minutes before it tried again. Each try has a channel of its own: gRPC's channels wait at least 100 ms between tries, and then keep others from trying.
class GrpcAgentLink final : public AgentLink, private WatchCall::Listener {
 public:
  GrpcAgentLink(std::shared_ptr<LinkShared> shared, LinkTarget target, AgentEvents events);
  ~GrpcAgentLink() override;
  GrpcAgentLink(const GrpcAgentLink&) = delete;
  GrpcAgentLink& operator=(const GrpcAgentLink&) = delete;

  void report_now(std::uint64_t nonce) override;
  void ask_for_view() override;
  void set_peers(std::vector<Peer> peers) override;
  void execute(FenceToken token, const command::Command& command, std::chrono::milliseconds deadline, Done done) override;

 private:
  void watch_said(Result<std::optional<NodeState>> message) override;
  void watch_ended(const grpc::Status& status) override;

  void connect();
  void beat_later();
  void beat();
  void lost(const Error& error);
  FromCoordinator plain_message() const;
  std::string where() const { return "agent of pod " + target_.pod.value; }

  const std::shared_ptr<LinkShared> shared_;
  const LinkTarget target_;
  const std::shared_ptr<const AgentEvents> events_;  // shared with a callback that is running while it destroys the link
  Backoff backoff_;
  TimePoint trouble_since_;       // nothing was heard since
  TimePoint last_heard_;          // on this stream; its beginning before the first word
  Error last_error_;              // why the link is not up
  std::unique_ptr<Timer> timer_;  // next try, or next beat
  std::shared_ptr<agent::v1::Agent::Stub> stub_;
  std::shared_ptr<WatchCall> watch_;
  bool is_up_ = false;

  std::uint64_t newest_nonce_ = 0;
  bool wants_view_ = false;  // asked for and not seen yet
  std::vector<Peer> peers_;
  ClientCalls calls_;  // last: its answers use the members above
};

}  // namespace shardkeeper::rpc
