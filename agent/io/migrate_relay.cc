#include "agent/io/migrate_relay.h"

#include "agent/migrate/older_dump.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <set>
#include <utility>

namespace shardkeeper::agent {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kConnectionsMax = 16;  // a server keeps one for its MIGRATEs, and a closed one for a moment
constexpr std::size_t kPieceBytes = 256U << 10U;

using TlsStream = ssl::stream<tcp::socket>;

// As servers do among each other: both ends show a certificate of the cluster's authority, whose names nobody looks at.
Result<std::unique_ptr<ssl::context>> make_context(const tls::Identity& identity) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls);
  error_code failed;
  context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, failed);
  if (!failed) context->add_certificate_authority(asio::buffer(identity.ca_pem), failed);
  if (!failed) context->use_certificate_chain(asio::buffer(identity.certificate_pem), failed);
  if (!failed) context->use_private_key(asio::buffer(identity.key_pem), ssl::context::pem, failed);
  if (failed) return invalid("the server's certificate", failed.message());
  return context;
}

// What a link needs of its streams beyond reading and writing, for both kinds of them.
tcp::socket& socket_of(tcp::socket& stream) { return stream; }
tcp::socket& socket_of(TlsStream& stream) { return stream.next_layer(); }

template <typename Handler>
void shake_hands(tcp::socket&, ssl::stream_base::handshake_type, const Handler& handler) {
  handler(error_code());
}
template <typename Handler>
void shake_hands(TlsStream& stream, ssl::stream_base::handshake_type as, Handler handler) {
  stream.async_handshake(as, std::move(handler));
}

}  // namespace

class MigrateRelay::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& loop, tcp::endpoint target, RelayKind kind, std::unique_ptr<ssl::context> tls)
      : loop_(loop), target_(std::move(target)), kind_(kind), tls_(std::move(tls)), acceptor_(loop) {}

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
      if (!error && self->links_.size() < kConnectionsMax) self->join(std::move(socket));
      self->accept();
    });
  }

  void stop() {
    error_code ignored;
    acceptor_.close(ignored);
    const auto links = links_;
    for (AnyLink* link : links) link->close();
  }

  void cut() {
    const auto links = links_;
    for (AnyLink* link : links) link->cut();
  }

  std::uint16_t port() const { return port_; }

 private:
  class AnyLink {
   public:
    virtual ~AnyLink() = default;
    virtual void close() = 0;
    virtual void cut() = 0;
  };

  // A connection of the server, and ours to the target for it. Lives in the handlers of its operations; when one end closes, both do.
  template <typename Stream>
  class Link final : public AnyLink, public std::enable_shared_from_this<Link<Stream>> {
   public:
    Link(std::shared_ptr<Impl> owner, Stream source, Stream target)
        : owner_(std::move(owner)), source_(std::move(source)), target_(std::move(target)) {
      owner_->links_.insert(this);
    }
    ~Link() override { owner_->links_.erase(this); }
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    void connect() {
      socket_of(target_).async_connect(owner_->target_, [self = this->shared_from_this()](error_code error) {
        if (error) return self->target_failed();
        error_code ignored;  // as servers do: a small request must not wait for the answer to the one before
        socket_of(self->source_).set_option(tcp::no_delay(true), ignored);
        socket_of(self->target_).set_option(tcp::no_delay(true), ignored);
        shake_hands(self->target_, ssl::stream_base::client, [self](error_code refused) {
          if (refused) return self->target_failed();
          self->greet_source();
        });
      });
    }

    void close() override {
      error_code ignored;
      socket_of(source_).close(ignored);
      socket_of(target_).close(ignored);
    }

    void cut() override {
      if (std::exchange(is_cut_, true)) return;
      error_code ignored;
      socket_of(target_).close(ignored);
      if (is_greeted_ && !is_replying_) refuse();
    }

   private:
    void greet_source() {
      shake_hands(source_, ssl::stream_base::server, [self = this->shared_from_this()](error_code error) {
        if (error) return self->close();
        self->is_greeted_ = true;
        self->read_requests();
        if (self->is_cut_) return self->refuse();
        self->read_replies();
      });
    }
    // More is read and thrown away from here on. What it waits for is not the first answer, perhaps: it takes any error.
    void refuse() {
      static constexpr std::string_view kRefusal = "-ERR broken off\r\n";
      asio::async_write(source_, asio::buffer(kRefusal), [self = this->shared_from_this()](error_code error, std::size_t) {
        if (error) self->close();
      });
    }
    void target_failed() {
      if (!is_cut_) return close();
      if (!is_greeted_) greet_source();
    }
    void read_requests() {
      requests_in_.resize(kPieceBytes);
      source_.async_read_some(asio::buffer(requests_in_), [self = this->shared_from_this()](error_code error, std::size_t size) {
        if (error) return self->close();
        if (self->is_cut_) return self->read_requests();
        const auto read = std::string_view(self->requests_in_).substr(0, size);
        if (self->owner_->kind_ == RelayKind::kPlain)
          self->requests_out_.assign(read);
        else
          self->requests_out_ = self->translator_.feed(read);
        self->write_requests();
      });
    }
    void write_requests() {
      asio::async_write(target_, asio::buffer(requests_out_), [self = this->shared_from_this()](error_code error, std::size_t) {
        if (error && !self->is_cut_) return self->close();
        self->read_requests();
      });
    }
    void read_replies() {
      target_.async_read_some(asio::buffer(replies_), [self = this->shared_from_this()](error_code error, std::size_t size) {
        if (error) return self->target_failed();
        self->write_replies(size);
      });
    }
    void write_replies(std::size_t size) {
      is_replying_ = true;
      asio::async_write(source_, asio::buffer(replies_, size), [self = this->shared_from_this()](error_code error, std::size_t) {
        self->is_replying_ = false;
        if (error) return self->close();
        if (self->is_cut_) return self->refuse();
        self->read_replies();
      });
    }

    std::shared_ptr<Impl> owner_;
    Stream source_;
    Stream target_;
    OlderRequests translator_;
    std::string requests_in_;
    std::string requests_out_;
    std::array<char, 4096> replies_{};
    bool is_greeted_ = false;  // the source has shown itself
    bool is_replying_ = false;
    bool is_cut_ = false;
  };

  void join(tcp::socket source) {
    tcp::socket target(loop_);
    if (!tls_) return std::make_shared<Link<tcp::socket>>(shared_from_this(), std::move(source), std::move(target))->connect();
    std::make_shared<Link<TlsStream>>(shared_from_this(), TlsStream(std::move(source), *tls_), TlsStream(std::move(target), *tls_))
        ->connect();
  }

  asio::io_context& loop_;
  const tcp::endpoint target_;
  const RelayKind kind_;
  const std::unique_ptr<ssl::context> tls_;  // null: plain text
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::set<AnyLink*> links_;
};

Result<std::unique_ptr<Relay>> MigrateRelay::open(asio::io_context& loop, const Endpoint& target, RelayKind kind,
                                                  const tls::Identity* identity) {
  error_code error;
  const auto address = asio::ip::make_address(target.ip, error);
  if (error) return unavailable("relay to " + to_string(target), error.message());
  std::unique_ptr<ssl::context> tls;
  if (identity != nullptr) {
    auto made = make_context(*identity);
    if (!made) return unavailable("relay to " + to_string(target), to_string(made.error()));
    tls = *std::move(made);
  }
  auto impl = std::make_shared<Impl>(loop, tcp::endpoint(address, target.port), kind, std::move(tls));
  if (const auto failed = impl->listen()) return unavailable("relay to " + to_string(target), "cannot listen: " + failed.message());
  impl->accept();
  return std::unique_ptr<Relay>(new MigrateRelay(std::move(impl)));
}

MigrateRelay::MigrateRelay(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
MigrateRelay::~MigrateRelay() { impl_->stop(); }
void MigrateRelay::cut() { impl_->cut(); }
Endpoint MigrateRelay::endpoint() const { return {.ip = "127.0.0.1", .port = impl_->port()}; }

}  // namespace shardkeeper::agent
