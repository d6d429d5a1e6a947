#include "agent/decide/ticket.h"

#include <gtest/gtest.h>

namespace shardkeeper::agent {
namespace {

using namespace std::chrono_literals;
using command::FailoverMode;
using command::Ticket;

constexpr TimePoint kStart{100s};

Ticket ticket(const char* replica, FailoverMode mode, const char* requester, std::chrono::milliseconds valid_for = 2s) {
  return {PodName(replica), mode, requester, valid_for};
}

TEST(TicketBook, GivesTheFirstOneToEverybody) {
  TicketBook book;
  const auto mine = ticket("a", FailoverMode::kForce, "coordinator:7");
  EXPECT_EQ(book.take(mine, kStart), mine);
  const auto second = book.take(ticket("b", FailoverMode::kForce, "agent:c"), kStart + 500ms);
  EXPECT_EQ(second, ticket("a", FailoverMode::kForce, "coordinator:7", 1'500ms));
}

TEST(TicketBook, ForgetsAnExpiredOne) {
  TicketBook book;
  book.take(ticket("a", FailoverMode::kForce, "x"), kStart);
  EXPECT_TRUE(book.running(kStart + 1'999ms));
  EXPECT_FALSE(book.running(kStart + 2s));
  EXPECT_EQ(book.take(ticket("b", FailoverMode::kForce, "y"), kStart + 2s).replica, PodName("b"));
}

TEST(TicketBook, BoundsHowLongOneRuns) {
  TicketBook book;
  EXPECT_EQ(book.take(ticket("a", FailoverMode::kForce, "x", 1h), kStart).valid_for, TicketBook::kValidMax);
  book.process_started();
  EXPECT_EQ(book.take(ticket("a", FailoverMode::kForce, "x", 0ms), kStart).valid_for, TicketBook::kValidMin);
}

TEST(TicketBook, DropsAGracefulOneWhenTheProcessEnds) {
  TicketBook book;
  book.take(ticket("a", FailoverMode::kGraceful, "x"), kStart);
  book.drop_graceful();
  EXPECT_FALSE(book.running(kStart));
  book.take(ticket("a", FailoverMode::kForce, "x"), kStart);
  book.drop_graceful();
  EXPECT_TRUE(book.running(kStart)) << "a forced one is about the ended process";
  book.process_started();
  EXPECT_FALSE(book.running(kStart));
}

}  // namespace
}  // namespace shardkeeper::agent
