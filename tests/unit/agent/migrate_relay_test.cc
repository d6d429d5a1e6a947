#include "agent/io/migrate_relay.h"

#include "tests/unit/agent/loop_client.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <optional>

namespace shardkeeper::agent {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;

// Takes one connection, keeps what comes, and answers each piece with +OK.
class FakeTarget {
 public:
  explicit FakeTarget(test::Loop& loop) : acceptor_(loop.context(), {boost::asio::ip::address_v4::loopback(), 0}) {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error) return;
      socket_.emplace(std::move(socket));
      read();
    });
  }
  Endpoint endpoint() const { return {.ip = "127.0.0.1", .port = acceptor_.local_endpoint().port()}; }
  const std::string& received() const { return received_; }
  bool has_connection() const { return socket_.has_value(); }
  void hang_up() { socket_.reset(); }

 private:
  void read() {
    socket_->async_read_some(boost::asio::buffer(buffer_), [this](boost::system::error_code error, std::size_t size) {
      if (error) return hang_up();
      received_.append(buffer_.data(), size);
      boost::asio::write(*socket_, boost::asio::buffer("+OK\r\n", 5));
      read();
    });
  }

  tcp::acceptor acceptor_;
  std::optional<tcp::socket> socket_;
  std::array<char, 256> buffer_{};
  std::string received_;
};

class MigrateRelayTest : public testing::Test {
 protected:
  void open(const Endpoint& target) {
    auto relay = MigrateRelay::open(loop_.context(), target, RelayKind::kTranslating, nullptr);
    ASSERT_TRUE(relay) << to_string(relay.error());
    relay_ = *std::move(relay);
  }
  test::LoopClient client() { return test::LoopClient::tcp(loop_, relay_->endpoint().port); }

  test::Loop loop_;
  std::unique_ptr<Relay> relay_;
};

TEST_F(MigrateRelayTest, PassesRequestsOnAndRepliesBack) {
  FakeTarget target(loop_);
  ASSERT_NO_FATAL_FAILURE(open(target.endpoint()));
  auto server = client();
  server.send("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n");
  loop_.run_for(20ms);
  EXPECT_EQ(target.received(), "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n");
  target.hang_up();
  EXPECT_EQ(server.read_to_end(), "+OK\r\n") << "the end at one side is the end at the other";
}

TEST_F(MigrateRelayTest, EndsAConnectionWhoseTargetIsNotThere) {
  Endpoint nobody;
  { nobody = FakeTarget(loop_).endpoint(); }
  loop_.run_for(5ms);
  ASSERT_NO_FATAL_FAILURE(open(nobody));
  auto server = client();
  EXPECT_EQ(server.read_to_end(), "");
}

TEST_F(MigrateRelayTest, EndsItsConnectionsWithItself) {
  FakeTarget target(loop_);
  ASSERT_NO_FATAL_FAILURE(open(target.endpoint()));
  auto server = client();
  server.send("*1\r\n$4\r\nPING\r\n");
  loop_.run_for(20ms);
  ASSERT_TRUE(target.has_connection());
  relay_.reset();
  EXPECT_EQ(server.read_to_end(), "+OK\r\n");
  EXPECT_FALSE(target.has_connection());
}

TEST_F(MigrateRelayTest, AnswersAnErrorOnceItIsCutAndSwallowsTheRest) {
  FakeTarget target(loop_);
  ASSERT_NO_FATAL_FAILURE(open(target.endpoint()));
  auto server = client();
  server.send("*1\r\n$4\r\nPING\r\n");
  loop_.run_for(20ms);
  relay_->cut();
  loop_.run_for(20ms);
  const auto received = target.received().size();
  for (int i = 0; i < 40; ++i) {
    server.send(std::string(100'000, 'x'));
    loop_.run_for(5ms);
  }
  EXPECT_EQ(target.received().size(), received);
  relay_.reset();
  EXPECT_EQ(server.read_to_end(), "+OK\r\n-ERR broken off\r\n");
}

TEST_F(MigrateRelayTest, NeedsAnAddress) {
  EXPECT_FALSE(MigrateRelay::open(loop_.context(), {.ip = "somewhere", .port = 1}, RelayKind::kTranslating, nullptr));
}

}  // namespace
}  // namespace shardkeeper::agent
