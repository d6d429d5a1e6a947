// The retrying client that promises are made to: it follows MOVED and ASK, and tries again every 10 ms, for at most 5 s, after TRYAGAIN,
// CLUSTERDOWN, LOADING, NOREPLICAS and lost connections. What takes longer is a failed request.
#pragma once

#include "common/types/endpoint.h"
#include "common/types/slot_set.h"
#include "tests/support/sync_client.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::test {

struct ClusterClientOptions {
  std::vector<Endpoint> seeds;  // at least one must answer; bus ports are not used
  std::chrono::milliseconds retry_every{10};
  std::chrono::milliseconds give_up_after{5000};
  std::chrono::milliseconds reply_timeout{1000};  // longer silence is a lost connection: the server may hang
  Login login;
};

// Who serves which slots, as one node sees it.
struct SlotOwner {
  std::string node_id;
  Endpoint primary;
  std::vector<Endpoint> replicas;
  SlotSet slots;
};

struct ClientCounts {
  std::uint64_t moved = 0;
  std::uint64_t asked = 0;
  std::uint64_t retried = 0;      // attempts after a wait
  std::uint64_t reconnected = 0;  // connections lost or not made
};

// THREAD one at a time; every writer has its own.
class ClusterClient {
 public:
  explicit ClusterClient(ClusterClientOptions options);

  // Asks the seeds and every node heard of for CLUSTER SLOTS, remembers the first answer. ERRORS kUnavailable: none answered.
  Result<std::vector<SlotOwner>> load_topology();

  // Sends a command about keys of `slot` until it is answered. RETURNS the reply, never one of the errors that are retried.
  // ERRORS kUnknownOutcome after give_up_after, with the last trouble; kRefused with the server's text for any other error reply.
  // REQUIRES the command may be carried out twice.
  Result<valkey::Reply> call(int slot, const std::vector<std::string>& arguments);

  // The replies of many commands, sent in pipelines to the owners of their slots; what fails there is sent again by call().
  // After three in a row that nobody answered in time, the rest gets the same error: a shard may be gone for good.
  // REQUIRES one slot per command, and the order among commands does not matter.
  std::vector<Result<valkey::Reply>> call_all(const std::vector<int>& slots, const std::vector<std::vector<std::string>>& commands);

  const ClientCounts& counts() const { return counts_; }

 private:
  enum class Next { kDone, kNow, kAfterPause };
  struct Attempt;

  Next attempt(int slot, const std::vector<std::string>& arguments, Attempt& state);
  Next read_error(int slot, const std::string& text, Attempt& state);
  void take(const std::vector<SlotOwner>& owners);
  void refresh(const Endpoint& node);
  void forget_owner(const Endpoint& node);
  SyncClient* connection(const Endpoint& node, std::string& trouble);
  Result<valkey::Reply> ask(const Endpoint& node, const std::vector<std::string>& arguments);
  Endpoint owner_or_any(int slot);
  void learn(const Endpoint& node);

  ClusterClientOptions options_;
  std::vector<Endpoint> nodes_;  // everybody heard of; asked in turn when a slot's owner is not known
  std::size_t next_node_ = 0;
  std::vector<std::optional<Endpoint>> owners_;  // by slot
  std::chrono::steady_clock::time_point refreshed_{};
  std::map<Endpoint, SyncClient> connections_;
  ClientCounts counts_;
};

// Reads a CLUSTER SLOTS reply; rows that cannot be understood are left out.
std::vector<SlotOwner> parse_cluster_slots(const valkey::Reply& reply);

}  // namespace shardkeeper::test
