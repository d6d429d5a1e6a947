#include "common/rpc/permissions.h"

#include "common/tls/authority.h"

#include <algorithm>

namespace shardkeeper::rpc {
namespace {

Error denied(const Caller& caller, const std::string& what) {
  return refused("caller " + caller.name, "a peer may not " + what + "; only the coordinator may");
}

}  // namespace

Result<Caller> identify(const CertificateNames& names, const ClusterName& cluster) {
  const auto carries = [&](const std::string& dns_name) { return std::ranges::find(names.dns_names, dns_name) != names.dns_names.end(); };
  if (names.common_name == tls::kCoordinatorName && carries(tls::coordinator_dns_name(cluster)))
    return Caller{Caller::Kind::kCoordinator, names.common_name};
  if (!names.common_name.empty() && names.common_name != tls::kCoordinatorName && carries(tls::agent_dns_name(cluster)))
    return Caller{Caller::Kind::kPeer, names.common_name};
  return refused("caller " + names.common_name, "its certificate is neither the coordinator's nor an agent's of cluster " + cluster.value);
}

Result<void> may_execute(const Caller& caller, const command::Command& command) {
  if (caller.kind == Caller::Kind::kCoordinator) return {};
  if (std::holds_alternative<command::TakeTicket>(command) || std::holds_alternative<command::SetSlots>(command) ||
      std::holds_alternative<command::RestoreFunctions>(command))
    return {};
  const auto* const failover = std::get_if<command::Failover>(&command);
  if (failover == nullptr) return denied(caller, "command " + std::string(command::name_of(command)));
  if (!failover->ticket) return denied(caller, "command failover without a ticket");
  if (failover->mode == command::FailoverMode::kTakeover) return denied(caller, "command failover by takeover");
  if (failover->accept_stale) return denied(caller, "command failover to an old copy");
  return {};
}

Result<void> may_watch(const Caller& caller) {
  if (caller.kind == Caller::Kind::kCoordinator) return {};
  return denied(caller, "watch");
}

}  // namespace shardkeeper::rpc
