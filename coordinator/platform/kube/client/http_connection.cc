#include "coordinator/platform/kube/client/http_connection.h"

#include "coordinator/platform/kube/client/tls_context.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <type_traits>
#include <utility>

namespace shardkeeper::platform::kube {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr std::size_t kPieceBytes = 16 * 1024;
constexpr int kRetryAfterSecondsMax = 3600;

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

// A server that vanished without a word (its worker lost power) is noticed on a quiet connection after 10 + 3 * 5 s.
void keep_alive(tcp::socket& socket) {
  const int descriptor = socket.native_handle();
  const auto set = [descriptor](int level, int name, int value) { ::setsockopt(descriptor, level, name, &value, sizeof value); };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
}

std::optional<std::chrono::seconds> to_seconds(beast::string_view text) {
  int seconds = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failed != std::errc() || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(std::min(seconds, kRetryAfterSecondsMax));
}

http::request<http::string_body> to_message(Question question, const std::string& host) {
  http::request<http::string_body> message;
  message.version(11);
  message.method_string(question.method);
  message.target(question.target);
  message.set(http::field::host, host);
  message.set(http::field::accept, "application/json");
  message.set(http::field::user_agent, "shardkeeper-coordinator");
  if (!question.token.empty()) message.set(http::field::authorization, "Bearer " + question.token);
  if (!question.body.empty()) message.set(http::field::content_type, question.content_type);
  message.body() = std::move(question.body);
  message.prepare_payload();
  return message;
}

template <typename Stream>
class ConnectionOf final : public HttpConnection, public std::enable_shared_from_this<ConnectionOf<Stream>> {
  static constexpr bool kIsTls = std::is_same_v<Stream, TlsStream>;

 public:
  ConnectionOf(Stream stream, asio::io_context& loop, const Config& config)
      : stream_(std::move(stream)),
        resolver_(loop),
        host_(config.host),
        port_(std::to_string(config.port)),
        server_name_(config.server_name) {
    host_header_ = (host_.find(':') == std::string::npos ? host_ : "[" + host_ + "]") + ":" + port_;
  }

  void connect(milliseconds at_most, std::function<void(Result<void>)> done) override {
    connected_ = std::move(done);
    lowest().expires_after(at_most);
    error_code is_name;
    const auto address = asio::ip::make_address(host_, is_name);
    if (!is_name) {
      const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(std::stoi(port_)));
      return lowest().async_connect(endpoint, [self = this->shared_from_this()](error_code failed) { self->has_connected(failed); });
    }
    // The resolver knows no deadline of its own; the timer closes what it gives too late.
    resolve_timer_.emplace(resolver_.get_executor(), at_most);
    resolve_timer_->async_wait([self = this->shared_from_this()](error_code cancelled) {
      if (!cancelled) self->resolver_.cancel();
    });
    resolver_.async_resolve(host_, port_, [self = this->shared_from_this()](error_code failed, const tcp::resolver::results_type& found) {
      self->resolve_timer_.reset();
      if (failed) return self->finish_connect("the name " + self->host_ + " cannot be resolved: " + failed.message());
      self->lowest().async_connect(found, [self](error_code refused, const tcp::endpoint&) { self->has_connected(refused); });
    });
  }

  void exchange(Question question, ConnectionLimits limits, milliseconds at_most, std::optional<milliseconds> silence_max,
                ExchangeHooks hooks) override {
    is_idle_ = false;
    error_code ignored;
    if (is_watching_idle_) lowest().socket().cancel(ignored);
    hooks_ = std::move(hooks);
    silence_max_ = silence_max;
    progress_ = {};
    is_reusable_ = false;
    request_ = to_message(std::move(question), host_header_);
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
    if (limits.body_bytes_max == 0)
      parser_->body_limit(boost::none);
    else
      parser_->body_limit(limits.body_bytes_max);
    lowest().expires_after(at_most);
    progress_.was_sent = true;
    http::async_write(stream_, request_, [self = this->shared_from_this()](error_code failed, std::size_t) {
      // A server may answer and close before it has read everything (413), so a broken pipe still has a reply to be read.
      if (failed && failed != asio::error::broken_pipe && failed != asio::error::connection_reset) return self->finish(failed);
      self->read_head();
    });
  }

  bool is_reusable() override { return is_reusable_ && !is_closed_ && is_quiet(); }

  void watch_idle(std::function<void()> gone) override {
    is_idle_ = true;
    gone_ = std::move(gone);
    if (is_watching_idle_) return;
    is_watching_idle_ = true;
    // Nothing may come while nothing was asked: readable means closed.
    lowest().socket().async_wait(tcp::socket::wait_read, [self = this->shared_from_this()](error_code cancelled) {
      self->is_watching_idle_ = false;
      if (self->is_closed_ || !self->is_idle_) return;
      // Cancelled by an exchange that has ended since: this wait is over, a new one begins.
      if (cancelled == asio::error::operation_aborted) return self->watch_idle(std::move(self->gone_));
      const auto gone = std::move(self->gone_);
      if (gone) gone();
    });
  }

  void close() override {
    is_closed_ = true;
    hooks_ = {};
    connected_ = nullptr;
    gone_ = nullptr;
    resolve_timer_.reset();
    resolver_.cancel();
    error_code ignored;
    lowest().cancel();
    lowest().socket().close(ignored);
  }

 private:
  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }

  // Nothing waits to be read, not even the other side's end: the loop may not have had the time to tell watch_idle().
  bool is_quiet() {
    char byte = 0;
    return ::recv(lowest().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == -1 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  void has_connected(error_code failed) {
    if (is_closed_) return;
    if (failed) return finish_connect("no connection to " + host_header_ + ": " + failed.message());
    keep_alive(lowest().socket());
    if constexpr (kIsTls) {
      if (const auto demanded = demand_name(stream_.native_handle(), server_name_); !demanded)
        return finish_connect(to_string(demanded.error()));
      stream_.async_handshake(asio::ssl::stream_base::client, [self = this->shared_from_this()](error_code refused) {
        if (self->is_closed_) return;
        if (!refused) return self->finish_connect("");
        const auto why = refusal_of(self->stream_.native_handle());
        self->finish_connect(why.empty() ? "TLS with " + self->host_header_ + " failed: " + refused.message()
                                         : "the certificate of " + self->host_header_ + " is not accepted: " + why);
      });
    } else {
      finish_connect("");
    }
  }

  void finish_connect(const std::string& trouble) {
    const auto done = std::exchange(connected_, nullptr);
    if (!done) return;
    if (trouble.empty()) return done(Result<void>());
    close();
    done(unavailable(host_header_, trouble));
  }

  void read_head() {
    if (is_closed_) return;
    http::async_read_header(stream_, buffer_, *parser_, [self = this->shared_from_this()](error_code failed, std::size_t size) {
      if (self->is_closed_) return;
      self->progress_.has_answered = size > 0;
      if (failed) return self->finish(failed);
      const auto& head = self->parser_->get();
      const auto hook = self->hooks_.head;
      if (hook) hook({static_cast<int>(head.result_int()), to_seconds(head[http::field::retry_after])});
      if (self->silence_max_ && !self->is_closed_) self->lowest().expires_after(*self->silence_max_);
      self->read_piece();
    });
  }

  void read_piece() {
    if (is_closed_) return;
    if (parser_->is_done()) return finish({});
    parser_->get().body().data = piece_.data();
    parser_->get().body().size = piece_.size();
    http::async_read_some(stream_, buffer_, *parser_, [self = this->shared_from_this()](error_code failed, std::size_t) {
      if (self->is_closed_) return;
      if (failed == http::error::need_buffer) failed = {};
      const std::size_t size = self->piece_.size() - self->parser_->get().body().size;
      if (size > 0 && !self->take(std::string_view(self->piece_.data(), size))) return;
      if (failed) return self->finish(failed);
      if (self->silence_max_ && size > 0) self->lowest().expires_after(*self->silence_max_);
      self->read_piece();
    });
  }

  // RETURNS false when nothing more is to be done.
  bool take(std::string_view piece) {
    const auto hook = hooks_.data;
    const bool go_on = !hook || hook(piece);
    if (is_closed_) return false;
    if (!go_on) end({ExchangeEnd::Cause::kStopped, "", true, true});
    return go_on;
  }

  void finish(error_code failed) {
    if (is_closed_) return;
    ExchangeEnd result = progress_;
    if (failed) {
      result.cause = cause_of(failed);
      result.detail = failed == beast::error::timeout ? "nothing more came in time" : failed.message();
    }
    end(std::move(result));
  }

  static ExchangeEnd::Cause cause_of(error_code failed) {
    if (failed == beast::error::timeout) return ExchangeEnd::Cause::kTimeout;
    if (failed == http::error::end_of_stream || failed == http::error::partial_message) return ExchangeEnd::Cause::kBroken;
    const bool is_http = failed.category() == http::make_error_code(http::error::bad_method).category();
    return is_http ? ExchangeEnd::Cause::kGarbage : ExchangeEnd::Cause::kBroken;
  }

  void end(ExchangeEnd result) {
    const auto hook = std::move(hooks_.end);
    hooks_ = {};
    // Bytes behind a complete reply were not asked for.
    is_reusable_ = result.cause == ExchangeEnd::Cause::kComplete && parser_->is_done() && parser_->keep_alive() && buffer_.size() == 0;
    if (!is_reusable_) close();
    if (hook) hook(std::move(result));
  }

  Stream stream_;
  tcp::resolver resolver_;
  std::optional<asio::steady_timer> resolve_timer_;
  std::string host_;
  std::string port_;
  std::string server_name_;
  std::string host_header_;

  std::function<void(Result<void>)> connected_;
  http::request<http::string_body> request_;
  std::optional<http::response_parser<http::buffer_body>> parser_;
  beast::flat_buffer buffer_{64 * 1024};
  std::array<char, kPieceBytes> piece_{};
  ExchangeHooks hooks_;
  std::optional<milliseconds> silence_max_;
  ExchangeEnd progress_;
  std::function<void()> gone_;
  bool is_idle_ = false;           // nothing was asked
  bool is_watching_idle_ = false;  // a wait is under way
  bool is_reusable_ = false;
  bool is_closed_ = false;
};

}  // namespace

std::shared_ptr<HttpConnection> HttpConnection::make(asio::io_context& loop, asio::ssl::context* tls, const Config& config) {
  // Shared by its operations under way and by the one who asked for it.
  if (tls == nullptr) return std::make_shared<ConnectionOf<PlainStream>>(PlainStream(loop), loop, config);
  return std::make_shared<ConnectionOf<TlsStream>>(TlsStream(beast::tcp_stream(loop), *tls), loop, config);
}

}  // namespace shardkeeper::platform::kube
