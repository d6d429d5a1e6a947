// The certificate authority of one cluster. Trust ends at the cluster: no certificate of another cluster's CA is accepted.
#pragma once

#include "common/error/result.h"
#include "common/tls/identity.h"
#include "common/types/names.h"

#include <chrono>
#include <filesystem>
#include <string>

namespace shardkeeper::tls {

// DNS names in certificates; what both sides of a connection check.
inline constexpr const char* kCoordinatorName = "coordinator";             // common name of the coordinator
std::string coordinator_dns_name(const ClusterName& cluster);              // coordinator.<cluster>.shardkeeper
std::string agent_dns_name(const ClusterName& cluster);                    // agent.<cluster>.shardkeeper: in every agent's certificate
std::string pod_dns_name(const ClusterName& cluster, const PodName& pod);  // <pod>.<cluster>.shardkeeper

// A value: two strings and a name. ECDSA P-256; the CA is self-signed for ten years, what it issues is valid for one.
// `now` is wall-clock time; certificates begin an hour earlier, because clocks of workers differ.
class Authority {
 public:
  // ERRORS kInvalid: the cluster's name is no DNS label (1..63 of a-z 0-9 -); kUnavailable: the system gives no randomness.
  static Result<Authority> make(const ClusterName& cluster, std::chrono::sys_seconds now);
  // ERRORS kInvalid: no PEM, no CA certificate, CA of another cluster, or a key that is not the certificate's.
  static Result<Authority> parse(const ClusterName& cluster, std::string certificate_pem, std::string key_pem);

  // One that somebody else made for the cluster, as cert-manager does: any name, RSA or EC key. ERRORS kInvalid: no PEM, no CA certificate, signed
  // by another authority (whoever trusts it would trust that one's other children too), or a key that is not the certificate's.
  static Result<Authority> adopt(const ClusterName& cluster, std::string certificate_pem, std::string key_pem);

  // CN coordinator; may open connections only.
  Result<Identity> issue_coordinator(std::chrono::sys_seconds now) const;
  // CN <pod>; serves, and opens connections to its peers. ERRORS kInvalid: the pod's name is no DNS label, or is
  // "coordinator" or "agent", whose DNS names mean something else.
  Result<Identity> issue_agent(const PodName& pod, std::chrono::sys_seconds now) const;

  const ClusterName& cluster() const { return cluster_; }
  const std::string& certificate_pem() const { return certificate_pem_; }
  const std::string& key_pem() const { return key_pem_; }

 private:
  Authority(ClusterName cluster, std::string certificate_pem, std::string key_pem)
      : cluster_(std::move(cluster)), certificate_pem_(std::move(certificate_pem)), key_pem_(std::move(key_pem)) {}

  ClusterName cluster_;
  std::string certificate_pem_;
  std::string key_pem_;
};

// ca.crt and ca.key (mode 0600) in `dir`, each written atomically. ERRORS kUnavailable.
Result<void> write_authority(const std::filesystem::path& dir, const Authority& authority);
// ERRORS kNotFound: neither file is there; kInvalid; kUnavailable.
Result<Authority> read_authority(const std::filesystem::path& dir, const ClusterName& cluster);

}  // namespace shardkeeper::tls
