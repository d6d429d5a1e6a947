#include "common/rpc/convert/watch.h"

#include "common/rpc/convert/reader.h"

namespace shardkeeper::rpc::convert {

void to_proto(const FromCoordinator& message, pb::FromCoordinator& out) {
  out.set_token(message.token.value);
  out.set_report_nonce(message.report_nonce);
  out.set_want_view(message.want_view);
  out.set_node_timeout_ms(to_wire_ms(message.node_timeout));
  out.set_has_peers(!message.peers.empty());
  for (const auto& peer : message.peers) {
    auto& added = *out.add_peers();
    added.set_pod(peer.pod.value);
    added.set_shard(peer.shard.value);
    added.set_agent_address(peer.agent_address);
  }
}

Result<FromCoordinator> from_proto(const pb::FromCoordinator& in) {
  Reader read("message from the coordinator");
  FromCoordinator message;
  message.token = FenceToken{in.token()};
  message.report_nonce = in.report_nonce();
  message.want_view = in.want_view();
  message.node_timeout = read.duration("node_timeout_ms", in.node_timeout_ms());
  if (message.node_timeout.count() == 0) read.fail("node_timeout_ms", "is 0");
  if (!read.count("peers", in.peers_size(), kPeersMax)) return read.result(message);
  for (const auto& peer : in.peers()) {
    if (peer.shard() < 0) read.fail("peers.shard", "is negative");
    message.peers.push_back(
        {.pod = PodName(read.text("peers.pod", peer.pod(), Reader::Empty::kRefused, kNameBytesMax)),
         .shard = ShardId{peer.shard()},
         .agent_address = read.text("peers.agent_address", peer.agent_address(), Reader::Empty::kRefused, kNameBytesMax)});
  }
  return read.result(std::move(message));
}

}  // namespace shardkeeper::rpc::convert
