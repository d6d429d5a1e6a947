#include "coordinator/platform/local/address.h"

#include "tests/support/loopback.h"
#include "tests/unit/local/value_of.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <set>
#include <string>

namespace shardkeeper::platform::local {
namespace {

using test::value_of;

using testing::HasSubstr;

class Listener {
 public:
  Listener(const std::string& ip, std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
    sockaddr generic{};
    std::memcpy(&generic, &address, sizeof generic);
    EXPECT_EQ(::bind(socket_, &generic, sizeof address), 0);
    EXPECT_EQ(::listen(socket_, 1), 0);
  }
  ~Listener() { ::close(socket_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  int socket_;
};

TEST(Network, OfAUidIsStableAndWithinBounds) {
  EXPECT_EQ(network_of("0123", 0), network_of("0123", 0));
  EXPECT_NE(network_of("0123", 0), network_of("0124", 0));
  for (int i = 0; i < 2000; ++i) {
    const auto network = network_of("uid " + std::to_string(i), i % 64);
    EXPECT_GE(network.x, kNetworkFirstX);
    EXPECT_LE(network.x, kNetworkLastX);
    EXPECT_GE(network.y, 0);
    EXPECT_LE(network.y, 255);
  }
}

TEST(Network, AttemptsGoThroughDifferentOnes) {
  std::set<Network> seen;
  for (int attempt = 0; attempt < 64; ++attempt) seen.insert(network_of("some uid", attempt));
  EXPECT_EQ(seen.size(), 64U);
}

TEST(Network, IsReadAsItIsWritten) {
  const Network network{17, 0};
  EXPECT_EQ(to_string(network), "127.17.0");
  EXPECT_EQ(value_of(parse_network("127.17.0")), network);
  EXPECT_EQ(address_in(network, 254), "127.17.0.254");
}

TEST(Network, RefusesWhatIsNone) {
  for (const char* text : {"", "127.", "127.17", "127.17.", "127.17.0.1", "127.17.256", "127.17.-1", "127.0.0", "127.200.1", "10.17.0",
                           "127.17.0 ", "127.x.0"})
    EXPECT_FALSE(parse_network(text)) << text;
}

TEST(NextHost, GoesRoundBeforeAnAddressIsUsedAgain) {
  const Network network{17, 3};
  EXPECT_EQ(next_host(network, 0, {}), 1);
  EXPECT_EQ(next_host(network, 1, {}), 2);
  EXPECT_EQ(next_host(network, 254, {}), 1);
  EXPECT_EQ(next_host(network, 1, {"127.17.3.2", "127.17.3.3"}), 4);
  EXPECT_EQ(next_host(network, 253, {"127.17.3.254", "127.17.3.1"}), 2);
  EXPECT_EQ(next_host(network, 7, {"127.17.4.8"}), 8) << "another network's address is in nobody's way";
}

TEST(NextHost, IsZeroWhenAllAreTaken) {
  const Network network{17, 3};
  std::set<std::string> all;
  for (int host = 1; host <= kHostsMax; ++host) all.insert(address_in(network, host));
  EXPECT_EQ(next_host(network, 9, all), 0);
  all.erase("127.17.3.9");
  EXPECT_EQ(next_host(network, 9, all), 9) << "the last one used comes last, but it comes";
}

TEST(CheckFree, NamesAddressAndPortThatAreTaken) {
  const test::LoopbackBlock block;
  EXPECT_TRUE(check_free(block.address(1), {6379, 9780}));
  const Listener listener(block.address(1), 9780);
  const auto taken = check_free(block.address(1), {6379, 9780});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, ErrorKind::kRefused);
  EXPECT_THAT(to_string(taken.error()), HasSubstr(block.address(1) + ":9780: somebody listens there"));
  EXPECT_TRUE(check_free(block.address(2), {6379, 9780}));
}

TEST(CheckFree, SaysWhatIsNoAddress) {
  const auto checked = check_free("127.1.1.256", {1234});
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().kind, ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace shardkeeper::platform::local
