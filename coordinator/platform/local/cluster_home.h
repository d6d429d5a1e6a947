// What is made once per cluster and kept: uid, certificate authority, network of addresses, replication password.
#pragma once

#include "common/error/result.h"
#include "common/tls/authority.h"
#include "coordinator/platform/local/address.h"
#include "coordinator/platform/local/state_folder.h"

#include <chrono>
#include <set>
#include <string>
#include <string_view>

namespace shardkeeper::platform::local {

// cluster.json (mode 0600).
struct ClusterRecord {
  std::string uid;
  Network network;
  int last_host = 0;           // given to a pod last; 0: none yet
  int replicas_per_shard = 0;  // the disruption budget's figure
  std::string replication_password;

  bool operator==(const ClusterRecord&) const = default;
};

std::string to_json(const ClusterRecord& record);
Result<ClusterRecord> parse_cluster_record(const std::string& where, std::string_view text);

// Every change is on disk when the function returns; where that fails nothing changes.
class ClusterHome {
 public:
  // Reads the cluster's folder, or makes it with a network that is not among `networks_taken` and on which nobody listens.
  // ERRORS kInvalid: the name, or a bad file; kRefused: no free network; kUnavailable: disk.
  static Result<ClusterHome> open(const StateFolder& state, const ClusterName& cluster, const std::set<Network>& networks_taken,
                                  std::chrono::sys_seconds now);

  const ClusterRecord& record() const { return record_; }
  const tls::Authority& authority() const { return authority_; }

  // A free address for one more pod. ERRORS kRefused: none is free, with what is in the way at the last one tried; kUnavailable: disk.
  Result<std::string> take_address(const std::set<std::string>& taken);
  Result<void> set_replicas_per_shard(int replicas);

 private:
  ClusterHome(std::filesystem::path file, ClusterRecord record, tls::Authority authority)
      : file_(std::move(file)), record_(std::move(record)), authority_(std::move(authority)) {}
  Result<void> put(const ClusterRecord& record);

  std::filesystem::path file_;
  ClusterRecord record_;
  tls::Authority authority_;
};

}  // namespace shardkeeper::platform::local
