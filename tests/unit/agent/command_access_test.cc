#include "agent/core/command_access.h"

#include "tests/support/fake_server_port.h"

#include <gtest/gtest.h>

namespace shardkeeper::agent {
namespace {

using command::FailoverMode;
using test::node_id;

const PodName kSelf("self");
const rpc::Caller kCoordinator{rpc::Caller::Kind::kCoordinator, "coordinator"};
const rpc::Caller kPeer{rpc::Caller::Kind::kPeer, "peer"};

command::Failover failover(FailoverMode mode, const char* ticket_replica, FailoverMode ticket_mode) {
  return {mode, node_id('a'), Epoch{1}, command::Ticket{PodName(ticket_replica), ticket_mode, "agent:peer", std::chrono::seconds(1)}};
}

std::string verdict(const rpc::Caller& caller, const command::Command& command) {
  const auto checked = check_access(caller, command, kSelf);
  return checked ? "ok" : to_string(checked.error());
}

TEST(CheckAccess, LetsTheCoordinatorDoEverything) {
  EXPECT_EQ(verdict(kCoordinator, command::Shutdown{}), "ok");
  EXPECT_EQ(verdict(kCoordinator, command::Failover{FailoverMode::kTakeover, node_id('a'), Epoch{1}, {}}), "ok");
  EXPECT_EQ(verdict(kCoordinator, failover(FailoverMode::kForce, "self", FailoverMode::kForce)), "ok");
}

TEST(CheckAccess, LetsPeersTakeTicketsAndUseThem) {
  EXPECT_EQ(verdict(kPeer, command::TakeTicket{}), "ok");
  EXPECT_EQ(verdict(kPeer, failover(FailoverMode::kGraceful, "self", FailoverMode::kGraceful)), "ok");
  EXPECT_EQ(verdict(kPeer, failover(FailoverMode::kForce, "self", FailoverMode::kForce)), "ok");
  EXPECT_EQ(verdict(kPeer, command::SetSlots{SlotSet::of(1, 1), command::SetSlots::Mode::kStable, node_id('a')}), "ok");
  EXPECT_EQ(verdict(kPeer, command::RestoreFunctions{}), "ok");
  EXPECT_EQ(verdict(kPeer, command::Shutdown{}), "shutdown: only the coordinator may command this; peer is an agent");
  EXPECT_EQ(verdict(kPeer, command::Failover{FailoverMode::kForce, node_id('a'), Epoch{1}, {}}),
            "failover: an agent needs the shard's ticket for it; peer has none");
  EXPECT_EQ(verdict(kPeer, failover(FailoverMode::kTakeover, "self", FailoverMode::kTakeover)),
            "failover: only the coordinator may ask for a takeover; peer is an agent");
  auto to_old_copy = failover(FailoverMode::kForce, "self", FailoverMode::kForce);
  to_old_copy.accept_stale = true;
  EXPECT_EQ(verdict(kCoordinator, to_old_copy), "ok");
  EXPECT_EQ(verdict(kPeer, to_old_copy), "failover: only the coordinator may pass on that an old copy is wanted; peer is an agent");
  EXPECT_EQ(verdict(kPeer, command::TakeTicket{{PodName("r"), FailoverMode::kTakeover, "agent:peer", std::chrono::seconds(1)}}),
            "take-ticket: only the coordinator may ask for a takeover; peer is an agent");
}

TEST(CheckAccess, HoldsTicketsToTheirWords) {
  EXPECT_EQ(verdict(kCoordinator, failover(FailoverMode::kForce, "other", FailoverMode::kForce)),
            "failover: the ticket is for other, this is self");
  EXPECT_EQ(verdict(kPeer, failover(FailoverMode::kForce, "self", FailoverMode::kGraceful)),
            "failover: the ticket is for mode graceful, asked was force");
}

TEST(CheckToken, RefusesALowerOne) {
  EXPECT_TRUE(check_token(FenceToken{5}, FenceToken{5}));
  EXPECT_TRUE(check_token(FenceToken{6}, FenceToken{5}));
  EXPECT_EQ(check_token(FenceToken{4}, FenceToken{5}).error().kind, ErrorKind::kConflict);
}

}  // namespace
}  // namespace shardkeeper::agent
