#include "agent/core/command_access.h"

#include <string>

namespace shardkeeper::agent {
namespace {

Error denied(const command::Command& command, const std::string& reason) { return refused(std::string(command::name_of(command)), reason); }

Result<void> check_ticket(const command::Failover& failover, const PodName& self) {
  const auto& ticket = failover.ticket;
  if (!ticket) return {};
  if (ticket->replica != self) return denied(failover, "the ticket is for " + ticket->replica.value + ", this is " + self.value);
  if (ticket->mode != failover.mode)
    return denied(failover, "the ticket is for mode " + std::string(command::to_string(ticket->mode)) + ", asked was " +
                                std::string(command::to_string(failover.mode)));
  return {};
}

}  // namespace

Result<void> check_access(const rpc::Caller& caller, const command::Command& command, const PodName& self) {
  const auto* failover = std::get_if<command::Failover>(&command);
  if (caller.kind == rpc::Caller::Kind::kPeer) {
    if (std::holds_alternative<command::SetSlots>(command) || std::holds_alternative<command::RestoreFunctions>(command)) return {};
    const auto* take = std::get_if<command::TakeTicket>(&command);
    if (take == nullptr && failover == nullptr)
      return denied(command, "only the coordinator may command this; " + caller.name + " is an agent");
    if (failover != nullptr && !failover->ticket)
      return denied(command, "an agent needs the shard's ticket for it; " + caller.name + " has none");
    if (failover != nullptr && failover->accept_stale)
      return denied(command, "only the coordinator may pass on that an old copy is wanted; " + caller.name + " is an agent");
    const auto mode = take != nullptr ? take->wanted.mode : failover->mode;
    if (mode == command::FailoverMode::kTakeover)
      return denied(command, "only the coordinator may ask for a takeover; " + caller.name + " is an agent");
  }
  return failover != nullptr ? check_ticket(*failover, self) : Result<void>();
}

Result<void> check_token(FenceToken token, FenceToken highest_seen) {
  if (token >= highest_seen) return {};
  return conflict("fence token",
                  std::to_string(token.value) + " is lower than " + std::to_string(highest_seen.value) + ": another coordinator leads now");
}

}  // namespace shardkeeper::agent
