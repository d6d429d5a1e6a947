// The two Secrets of a cluster: the certificate authority, which no pod can read, and the identities of the agents. Pure.
#pragma once

#include "common/tls/authority.h"
#include "common/tls/identity.h"
#include "coordinator/model/spec.h"

#include <boost/json/object.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::platform::kube {

inline constexpr const char* kReplicationPasswordKey = "replication-password";

// What is made once per cluster.
struct ClusterKeys {
  tls::Authority authority;  // signs
  std::string replication_password;
  bool is_adopted = false;           // the authority is somebody else's work: spec.agentTls
  std::string also_trusted_pem;      // the authority that comes next, or the one before; mostly empty
  std::chrono::sys_seconds since{};  // the last change of authority or of also_trusted_pem

  std::string trusted_pem() const { return authority.certificate_pem() + also_trusted_pem; }
};

boost::json::object authority_secret(const model::ClusterObject& cluster, const ClusterKeys& keys);
// ERRORS kInvalid: no such Secret of ours; with the key that is missing or wrong, and the way out.
Result<ClusterKeys> read_authority_secret(const ClusterName& cluster, const boost::json::object& secret);

// The authority in a Secret that spec.agentTls names: tls.crt and tls.key, as cert-manager writes them. ERRORS kInvalid.
Result<tls::Authority> read_adopted_authority(const ClusterName& cluster, const boost::json::object& secret);

// Certificate and key of each pod; the CA is the same for all.
using AgentIdentities = std::map<PodName, tls::Identity>;
boost::json::object agents_secret(const model::ClusterObject& cluster, const ClusterKeys& keys, const AgentIdentities& identities);
// What is damaged is left out: it is issued anew.
AgentIdentities read_agents_secret(const boost::json::object& secret);

// The volume of a pod: its own certificate and key and nobody else's, under the names that agents read.
boost::json::object identity_volume(const ClusterName& cluster, const PodName& pod);

// One value of a Secret, decoded; none: absent or no base64.
std::optional<std::string> secret_value(const boost::json::object& secret, std::string_view key);

}  // namespace shardkeeper::platform::kube
