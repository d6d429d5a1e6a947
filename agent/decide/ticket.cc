#include "agent/decide/ticket.h"

#include <algorithm>

namespace shardkeeper::agent {

using std::chrono::milliseconds;

command::Ticket TicketBook::take(const command::Ticket& wanted, TimePoint now) {
  if (auto ticket = running(now)) return *ticket;
  ticket_ = wanted;
  ticket_->valid_for = std::clamp(wanted.valid_for, kValidMin, kValidMax);
  expires_ = now + ticket_->valid_for;
  return *ticket_;
}

std::optional<command::Ticket> TicketBook::running(TimePoint now) const {
  if (!ticket_ || now >= expires_) return std::nullopt;
  command::Ticket ticket = *ticket_;
  ticket.valid_for = std::max(milliseconds(1), std::chrono::duration_cast<milliseconds>(expires_ - now));
  return ticket;
}

void TicketBook::drop_graceful() {
  if (ticket_ && ticket_->mode == command::FailoverMode::kGraceful) ticket_.reset();
}

}  // namespace shardkeeper::agent
