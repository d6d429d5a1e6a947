#include "tests/unit/kube/fake_http_server.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstdlib>
#include <deque>
#include <stdexcept>
#include <utility>

namespace shardkeeper::test {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using tcp = asio::ip::tcp;
using boost::system::error_code;

std::size_t content_length(const std::string& head) {
  const auto at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 16, nullptr, 10);
}

}  // namespace

class FakeHttpServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& loop, Script script, const std::optional<tls::Identity>& identity)
      : script_(std::move(script)), acceptor_(loop, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {
    if (!identity) return;
    context_.emplace(ssl::context::tls_server);
    context_->use_certificate_chain(asio::buffer(identity->certificate_pem));
    context_->use_private_key(asio::buffer(identity->key_pem), ssl::context::pem);
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code failed, tcp::socket socket) {
      if (failed || self->is_stopped_) return;
      auto session = std::make_shared<Session>(*self, std::move(socket), self->connections_++);
      self->sessions_.push_back(session);
      session->start();
      self->accept();
    });
  }
  void stop() {
    is_stopped_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    close_all();
    script_ = nullptr;
  }
  void close_all() {
    for (const auto& weak : sessions_)
      if (const auto session = weak.lock()) session->close_now();
  }

  class Session final : public Peer, public std::enable_shared_from_this<Session> {
   public:
    Session(Impl& server, tcp::socket socket, int number)
        : server_(server.shared_from_this()), socket_(std::move(socket)), number_(number) {
      if (server_->context_) tls_.emplace(socket_, *server_->context_);
    }

    void start() {
      if (!tls_) return read();
      tls_->async_handshake(ssl::stream_base::server, [self = shared_from_this()](error_code failed) {
        if (failed) return self->close_now();
        self->read();
      });
    }
    int number() const override { return number_; }
    bool is_open() const { return is_open_; }
    void send(std::string bytes) override {
      outgoing_.push_back(std::move(bytes));
      if (outgoing_.size() == 1) write();
    }
    void close() override {
      is_closing_ = true;
      if (outgoing_.empty()) close_now();
    }
    void close_now() {
      is_open_ = false;
      error_code ignored;
      socket_.close(ignored);
    }

   private:
    template <typename Work>
    void on_stream(Work work) {
      if (tls_)
        work(*tls_);
      else
        work(socket_);
    }

    void read() {
      on_stream([this](auto& stream) {
        stream.async_read_some(asio::buffer(buffer_), [self = shared_from_this()](error_code failed, std::size_t size) {
          if (failed || self->server_->is_stopped_) return self->close_now();
          self->received_.append(self->buffer_.data(), size);
          self->take_requests();
          if (self->is_open_) self->read();
        });
      });
    }

    void take_requests() {
      for (;;) {
        const auto end = received_.find("\r\n\r\n");
        if (end == std::string::npos) return;
        const auto length = content_length(received_.substr(0, end + 2));
        if (received_.size() < end + 4 + length) return;
        const Seen request{number_, received_.substr(0, end + 2), received_.substr(end + 4, length)};
        received_.erase(0, end + 4 + length);
        server_->seen_.push_back(request);
        server_->script_(*this, request);
      }
    }

    void write() {
      on_stream([this](auto& stream) {
        asio::async_write(stream, asio::buffer(outgoing_.front()), [self = shared_from_this()](error_code failed, std::size_t) {
          self->outgoing_.pop_front();
          if (failed) return self->close_now();
          if (!self->outgoing_.empty()) return self->write();
          if (self->is_closing_) self->close_now();
        });
      });
    }

    std::shared_ptr<Impl> server_;
    tcp::socket socket_;
    std::optional<ssl::stream<tcp::socket&>> tls_;
    int number_;
    std::array<char, 4096> buffer_{};
    std::string received_;
    std::deque<std::string> outgoing_;
    bool is_closing_ = false;
    bool is_open_ = true;
  };

  Script script_;
  tcp::acceptor acceptor_;
  std::optional<ssl::context> context_;
  std::vector<std::weak_ptr<Session>> sessions_;
  std::vector<Seen> seen_;
  int connections_ = 0;
  bool is_stopped_ = false;
};

FakeHttpServer::FakeHttpServer(asio::io_context& loop, Script script, const std::optional<tls::Identity>& identity)
    : impl_(std::make_shared<Impl>(loop, std::move(script), identity)) {
  impl_->accept();
}
FakeHttpServer::~FakeHttpServer() { impl_->stop(); }

std::uint16_t FakeHttpServer::port() const { return impl_->acceptor_.local_endpoint().port(); }
const std::vector<FakeHttpServer::Seen>& FakeHttpServer::seen() const { return impl_->seen_; }
int FakeHttpServer::connections() const { return impl_->connections_; }
int FakeHttpServer::open_connections() const {
  int open = 0;
  for (const auto& weak : impl_->sessions_) {
    const auto session = weak.lock();
    open += session && session->is_open() ? 1 : 0;
  }
  return open;
}
void FakeHttpServer::close_all() { impl_->close_all(); }

std::string http_reply(int status, const std::string& body, const std::string& more) {
  return "HTTP/1.1 " + std::to_string(status) + " Words\r\nContent-Type: application/json\r\n" + more +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
std::string chunked_head(int status) {
  return "HTTP/1.1 " + std::to_string(status) + " Words\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
}
std::string chunk(const std::string& bytes) {
  std::array<char, 20> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
  return size.data() + bytes + "\r\n";
}

}  // namespace shardkeeper::test
