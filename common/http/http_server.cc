#include "common/http/http_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <optional>
#include <set>

namespace shardkeeper::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kRequestBytesMax = 8 * 1024;

HttpRequest to_request(const http::request<http::empty_body>& message) {
  const auto target = message.target();
  const auto question = target.find('?');
  HttpRequest request;
  request.path = std::string(target.substr(0, question));
  if (question != beast::string_view::npos) request.query = std::string(target.substr(question + 1));
  request.accept = std::string(message[http::field::accept]);
  return request;
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& loop, const HttpServerOptions& options, Handler handler)
      : options_(options), handler_(std::move(handler)), acceptor_(loop) {}

  error_code listen() {
    error_code error;
    const auto address = asio::ip::make_address(options_.ip, error);
    const tcp::endpoint endpoint(address, options_.port);
    if (!error) acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    return error;
  }
  std::uint16_t port() const {
    error_code error;
    return acceptor_.local_endpoint(error).port();
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || !self->acceptor_.is_open()) return;
      if (!error && static_cast<int>(self->sessions_.size()) < self->options_.connections_max) self->serve(std::move(socket));
      self->accept();
    });
  }

  void stop() {
    error_code ignored;
    acceptor_.close(ignored);
    for (Session* session : sessions_) session->stream.socket().close(ignored);
  }

 private:
  // Lives in the handlers of its own operations.
  struct Session {
    Session(std::shared_ptr<Impl> owner, tcp::socket socket) : server(std::move(owner)), stream(std::move(socket)) {
      server->sessions_.insert(this);
      parser.header_limit(kRequestBytesMax);
      parser.body_limit(kRequestBytesMax);
    }
    ~Session() { server->sessions_.erase(this); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    std::shared_ptr<Impl> server;
    beast::tcp_stream stream;
    beast::flat_buffer buffer{kRequestBytesMax};
    http::request_parser<http::empty_body> parser;
    http::response<http::string_body> response;
  };

  void serve(tcp::socket socket) {
    auto session = std::make_shared<Session>(shared_from_this(), std::move(socket));  // shared by its operations, one at a time
    session->stream.expires_after(options_.time_max);
    Session& at = *session;
    http::async_read(at.stream, at.buffer, at.parser, [session](error_code error, std::size_t) {
      if (error == http::error::header_limit || error == http::error::body_limit || error == http::error::buffer_overflow)
        return session->server->answer(session, {413, "text/plain", "request too large\n"});
      if (error && error.category() == http::make_error_code(http::error::bad_method).category() && error != http::error::end_of_stream)
        return session->server->answer(session, {400, "text/plain", "not an HTTP request: " + error.message() + "\n"});
      if (error) return;
      session->server->answer(session, session->server->response_to(session->parser.get()));
    });
  }

  HttpResponse response_to(const http::request<http::empty_body>& message) {
    if (message.method() != http::verb::get && message.method() != http::verb::head) return {405, "text/plain", "only GET and HEAD\n"};
    return handler_(to_request(message));
  }

  void answer(const std::shared_ptr<Session>& session, HttpResponse answer) {
    auto& response = session->response;
    response.version(11);
    response.result(static_cast<unsigned>(answer.status));
    response.keep_alive(false);
    response.set(http::field::content_type, answer.content_type);
    response.content_length(answer.body.size());
    if (answer.status == 405) response.set(http::field::allow, "GET, HEAD");
    if (session->parser.is_header_done() && session->parser.get().method() == http::verb::head) answer.body.clear();
    response.body() = std::move(answer.body);
    http::async_write(session->stream, response, [session](error_code, std::size_t) {
      error_code ignored;
      session->stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
    });
  }

  const HttpServerOptions options_;
  Handler handler_;
  tcp::acceptor acceptor_;
  std::set<Session*> sessions_;
};

Result<std::unique_ptr<HttpServer>> HttpServer::start(boost::asio::io_context& loop, const HttpServerOptions& options, Handler handler) {
  auto impl = std::make_shared<Impl>(loop, options, std::move(handler));
  if (const auto error = impl->listen())
    return unavailable("http " + options.ip + ":" + std::to_string(options.port), "cannot listen: " + error.message());
  impl->accept();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { impl_->stop(); }
std::uint16_t HttpServer::port() const { return impl_->port(); }

}  // namespace shardkeeper::http
