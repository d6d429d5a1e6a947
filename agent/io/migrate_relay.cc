#include "agent/io/migrate_relay.h"

#include "agent/migrate/older_dump.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <set>

namespace shardkeeper::agent {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kConnectionsMax = 16;  // a server keeps one for its MIGRATEs, and a closed one for a moment
constexpr std::size_t kPieceBytes = 256U << 10U;

}  // namespace

class MigrateRelay::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& loop, tcp::endpoint target) : loop_(loop), target_(std::move(target)), acceptor_(loop) {}

  error_code listen() {
    error_code error;
    acceptor_.open(tcp::v4(), error);
    if (!error) acceptor_.bind({asio::ip::address_v4::loopback(), 0}, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    return error;
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || !self->acceptor_.is_open()) return;
      if (!error && self->links_.size() < kConnectionsMax) std::make_shared<Link>(self, std::move(socket))->connect();
      self->accept();
    });
  }

  void stop() {
    error_code ignored;
    acceptor_.close(ignored);
    const auto links = links_;
    for (Link* link : links) link->close();
  }

  std::uint16_t port() const { return port_; }

 private:
  // A connection of the server, and ours to the target for it. Lives in the handlers of its operations; when one end closes, both do.
  class Link : public std::enable_shared_from_this<Link> {
   public:
    Link(std::shared_ptr<Impl> owner, tcp::socket source) : owner_(std::move(owner)), source_(std::move(source)), target_(owner_->loop_) {
      owner_->links_.insert(this);
    }
    ~Link() { owner_->links_.erase(this); }
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    void connect() {
      target_.async_connect(owner_->target_, [self = shared_from_this()](error_code error) {
        if (error) return self->close();
        error_code ignored;  // as servers do: a small request must not wait for the answer to the one before
        self->source_.set_option(tcp::no_delay(true), ignored);
        self->target_.set_option(tcp::no_delay(true), ignored);
        self->read_requests();
        self->read_replies();
      });
    }

    void close() {
      error_code ignored;
      source_.close(ignored);
      target_.close(ignored);
    }

   private:
    void read_requests() {
      requests_in_.resize(kPieceBytes);
      source_.async_read_some(asio::buffer(requests_in_), [self = shared_from_this()](error_code error, std::size_t size) {
        if (error) return self->close();
        self->requests_out_ = self->translator_.feed(std::string_view(self->requests_in_).substr(0, size));
        self->write_requests();
      });
    }
    void write_requests() {
      asio::async_write(target_, asio::buffer(requests_out_), [self = shared_from_this()](error_code error, std::size_t) {
        if (error) return self->close();
        self->read_requests();
      });
    }
    void read_replies() {
      target_.async_read_some(asio::buffer(replies_), [self = shared_from_this()](error_code error, std::size_t size) {
        if (error) return self->close();
        self->write_replies(size);
      });
    }
    void write_replies(std::size_t size) {
      asio::async_write(source_, asio::buffer(replies_, size), [self = shared_from_this()](error_code error, std::size_t) {
        if (error) return self->close();
        self->read_replies();
      });
    }

    std::shared_ptr<Impl> owner_;
    tcp::socket source_;
    tcp::socket target_;
    OlderRequests translator_;
    std::string requests_in_;
    std::string requests_out_;
    std::array<char, 4096> replies_{};
  };

  asio::io_context& loop_;
  const tcp::endpoint target_;
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::set<Link*> links_;
};

Result<std::unique_ptr<Relay>> MigrateRelay::open(asio::io_context& loop, const Endpoint& target) {
  error_code error;
  const auto address = asio::ip::make_address(target.ip, error);
  if (error) return unavailable("relay to " + to_string(target), error.message());
  auto impl = std::make_shared<Impl>(loop, tcp::endpoint(address, target.port));
  if (const auto failed = impl->listen()) return unavailable("relay to " + to_string(target), "cannot listen: " + failed.message());
  impl->accept();
  return std::unique_ptr<Relay>(new MigrateRelay(std::move(impl)));
}

MigrateRelay::MigrateRelay(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
MigrateRelay::~MigrateRelay() { impl_->stop(); }
Endpoint MigrateRelay::endpoint() const { return {.ip = "127.0.0.1", .port = impl_->port()}; }

}  // namespace shardkeeper::agent
