#include "coordinator/act/executor.h"

#include <algorithm>

namespace shardkeeper::act {
namespace {

// An order is a few commands on a unix socket. A server that is forking or freeing memory may take seconds (facts §9).
constexpr std::chrono::milliseconds kOrderDeadline{6000};
// The ticket is a look into the agent's memory; a promotion must not wait for a sick one.
constexpr std::chrono::milliseconds kTicketDeadline{300};
// Less than the second after which a FORCE that was not won gives way to a TAKEOVER, which needs a ticket of its own.
constexpr std::chrono::milliseconds kTicketValidFor{900};

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

}  // namespace

void Executor::start(const model::Step& step, const model::ClusterObject& cluster, FenceToken token, Done done) {
  std::visit(Overloaded{
                 [&](const model::CreatePod& a) { create(a, cluster, std::move(done)); },
                 [&](const model::EvictPod& a) { platform_.evict(a.pod, a.uid, a.grace, std::move(done)); },
                 [&](const model::RemovePod& a) { platform_.remove(a.pod, a.uid, a.grace, std::move(done)); },
                 [&](const model::LabelPod& a) { platform_.set_labels(a.pod, a.labels, std::move(done)); },
                 [&](const model::SetPodCondition& a) { platform_.set_condition(a.pod, a.type, a.holds, step.detail, std::move(done)); },
                 [&](const model::Order& a) { order(a.pod, a.command, token, std::move(done)); },
                 [&](const model::Promote& a) { promote(a, token, std::move(done)); },
                 [&](const model::AskReport& a) {
                   if (auto* link = agents_.link(a.pod)) link->report_now(a.nonce);
                   done({});
                 },
                 [&](const model::AskView& a) {
                   if (auto* link = agents_.link(a.pod)) link->ask_for_view();
                   done({});
                 },
             },
             step.action);
}

void Executor::create(const model::CreatePod& create, const model::ClusterObject& cluster, Done done) {
  model::PodRequest request = create.request;
  request.name = fresh_name(cluster.name);
  platform_.create(cluster, request, std::move(done));
}

void Executor::order(const PodName& pod, const command::Command& command, FenceToken token, Done done) {
  auto* link = agents_.link(pod);
  if (link == nullptr) {
    done(unavailable("pod " + pod.value, "its agent is not known"));
    return;
  }
  link->execute(token, command, kOrderDeadline, [done = std::move(done)](const Result<command::Outcome>& result) {
    if (result)
      done({});
    else
      done(result.error());
  });
}

// One chooser at a time: the agent beside the old primary gives the shard's ticket, and whoever holds it promotes.
void Executor::promote(const model::Promote& promote, FenceToken token, Done done) {
  const command::Ticket wanted{promote.replica, promote.mode, "coordinator:" + std::to_string(token.value), kTicketValidFor};
  command::Failover failover{promote.mode, promote.old_primary, promote.seen_epoch, std::nullopt, promote.accept_stale};
  auto* holder = promote.ticket_holder ? agents_.link(*promote.ticket_holder) : nullptr;
  // A live primary's agent knows what stands against it just now: slots that change their owner, another promotion.
  const bool is_planned = promote.mode == command::FailoverMode::kGraceful;
  if (holder == nullptr && is_planned) {
    done(unavailable("pod " + promote.replica.value, "a planned hand-over needs the ticket of the primary's agent, which is not known"));
    return;
  }
  if (holder == nullptr) {
    order(promote.replica, failover, token, std::move(done));
    return;
  }
  holder->execute(token, command::TakeTicket{wanted}, kTicketDeadline,
                  [this, wanted, failover, token, is_planned, done = std::move(done)](Result<command::Outcome> result) mutable {
                    const bool refused_by_agent =
                        !result && (result.error().kind == ErrorKind::kConflict || result.error().kind == ErrorKind::kRefused);
                    if (refused_by_agent || (!result && is_planned)) {
                      done(result.error());
                      return;
                    }
                    if (result && result->ticket && (result->ticket->replica != wanted.replica || result->ticket->mode != wanted.mode)) {
                      done(conflict("pod " + wanted.replica.value, "a promotion of " + result->ticket->replica.value + " by " +
                                                                       result->ticket->requester + " is under way"));
                      return;
                    }
                    if (result) failover.ticket = result->ticket;  // else: that agent cannot be reached, and the coordinator chooses alone
                    order(wanted.replica, failover, token, std::move(done));
                  });
}

PodName Executor::fresh_name(const ClusterName& cluster) {
  // As Kubernetes does it: no vowels, nothing that looks like something else.
  static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  const auto& pods = platform_.view().pods;
  for (;;) {
    std::string name = cluster.value + "-";
    for (int i = 0; i < 5; ++i) name += kAlphabet[random_() % kAlphabet.size()];
    if (std::ranges::none_of(pods, [&](const model::Pod& pod) { return pod.name.value == name; })) return PodName(std::move(name));
  }
}

}  // namespace shardkeeper::act
