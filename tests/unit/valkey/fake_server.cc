#include "tests/unit/valkey/fake_server.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <utility>

namespace shardkeeper::test {
namespace {

using Protocol = boost::asio::local::stream_protocol;
using boost::system::error_code;

class SocketPeer final : public FakeServer::Peer, public std::enable_shared_from_this<SocketPeer> {
 public:
  SocketPeer(Protocol::socket socket, FakeServer::Script script, std::string login_answer)
      : socket_(std::move(socket)), script_(std::move(script)), login_answer_(std::move(login_answer)) {}

  void send(std::string bytes) override {
    const auto kept = std::make_shared<std::string>(std::move(bytes));
    boost::asio::async_write(socket_, boost::asio::buffer(*kept), [kept, self = shared_from_this()](const error_code&, std::size_t) {
      if (self->closes_after_write_) self->close();
    });
  }

  void send_and_close(std::string bytes) override {
    closes_after_write_ = true;
    send(std::move(bytes));
  }

  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

  const std::string& received() const override { return received_; }

  void read() {
    socket_.async_read_some(boost::asio::buffer(buffer_), [self = shared_from_this()](const error_code& error, std::size_t bytes) {
      if (!error) self->take(std::string(self->buffer_.data(), bytes));
    });
  }

 private:
  void take(const std::string& chunk) {
    const bool is_login = received_.empty();
    received_ += chunk;
    if (!is_login)
      script_(*this, chunk);
    else if (!login_answer_.empty())
      send(login_answer_);
    if (socket_.is_open()) read();
  }

  Protocol::socket socket_;
  const FakeServer::Script script_;
  const std::string login_answer_;
  std::array<char, 65536> buffer_{};
  std::string received_;
  bool closes_after_write_ = false;
};

}  // namespace

class FakeServer::Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(boost::asio::io_context& loop, const std::string& path, Script script, std::string login_answer)
      : acceptor_(loop, Protocol::endpoint(path)), script_(std::move(script)), login_answer_(std::move(login_answer)) {}

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](const error_code& error, Protocol::socket socket) {
      if (error) return;
      const auto peer = std::make_shared<SocketPeer>(std::move(socket), self->script_, self->login_answer_);
      self->accepted_at_.push_back(std::chrono::steady_clock::now());
      self->peers_.push_back(peer);
      peer->read();
      self->accept();
    });
  }

  void close() {
    error_code ignored;
    acceptor_.close(ignored);
    for (const auto& peer : peers_) peer->close();
  }

  std::vector<std::shared_ptr<Peer>> peers_;
  std::vector<std::chrono::steady_clock::time_point> accepted_at_;

 private:
  Protocol::acceptor acceptor_;
  const Script script_;
  const std::string login_answer_;
};

FakeServer::FakeServer(boost::asio::io_context& loop, const std::string& path, Script script, std::string login_answer)
    : listener_(std::make_shared<Listener>(loop, path, std::move(script), std::move(login_answer))) {
  listener_->accept();
}

FakeServer::~FakeServer() { listener_->close(); }

const std::vector<std::shared_ptr<FakeServer::Peer>>& FakeServer::peers() const { return listener_->peers_; }
const std::vector<std::chrono::steady_clock::time_point>& FakeServer::accepted_at() const { return listener_->accepted_at_; }

}  // namespace shardkeeper::test
