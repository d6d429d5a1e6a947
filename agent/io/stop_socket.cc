#include "agent/io/stop_socket.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <sys/stat.h>

#include <array>
#include <deque>
#include <optional>
#include <set>
#include <string_view>

namespace shardkeeper::agent {
namespace {

namespace asio = boost::asio;
using stream_protocol = asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::size_t kCallersMax = 4;
constexpr std::chrono::seconds kRequestWithin{5};
constexpr std::string_view kRequest = "stop\n";
constexpr std::size_t kLinesMax = 64;  // waiting to be written; a caller that reads nothing is dropped

}  // namespace

class StopSocket::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& loop, Handler handler) : loop_(loop), handler_(std::move(handler)), acceptor_(loop) {}

  error_code listen(const std::filesystem::path& path) {
    error_code error;
    ::unlink(path.c_str());
    acceptor_.open(stream_protocol(), error);
    if (!error) acceptor_.bind(stream_protocol::endpoint(path.string()), error);
    if (!error && ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) error.assign(errno, boost::system::system_category());
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    return error;
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, stream_protocol::socket socket) {
      if (error == asio::error::operation_aborted || !self->acceptor_.is_open()) return;
      if (!error && self->callers_.size() < kCallersMax) std::make_shared<Caller>(self, std::move(socket))->read_request();
      self->accept();
    });
  }

  void stop() {
    error_code ignored;
    acceptor_.close(ignored);
    const auto callers = callers_;
    for (Caller* caller : callers) caller->close();
  }

 private:
  // Lives in the handlers of its operations and, until the last line, in the one that the hand-over calls.
  class Caller : public std::enable_shared_from_this<Caller> {
   public:
    Caller(std::shared_ptr<Impl> owner, stream_protocol::socket socket)
        : owner_(std::move(owner)), socket_(std::move(socket)), deadline_(owner_->loop_) {
      owner_->callers_.insert(this);
    }
    ~Caller() { owner_->callers_.erase(this); }
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;

    void read_request() {
      deadline_.expires_after(kRequestWithin);
      deadline_.async_wait([self = shared_from_this()](error_code error) {
        if (!error) self->close();
      });
      read();
    }

    void close() {
      error_code ignored;
      socket_.close(ignored);
      deadline_.cancel();
      if (joined_) owner_->handler_.leave(*joined_);
      joined_.reset();
    }

   private:
    // Reads for as long as the connection lives: that is how a caller that went away is noticed.
    void read() {
      socket_.async_read_some(asio::buffer(buffer_), [self = shared_from_this()](error_code error, std::size_t size) {
        if (error) return self->close();
        if (!self->joined_) {
          self->request_.append(self->buffer_.data(), size);
          if (!kRequest.starts_with(self->request_)) return self->close();
          if (self->request_ == kRequest) self->join();
        }
        self->read();
      });
    }

    void join() {
      deadline_.cancel();
      joined_ = owner_->handler_.join([weak = weak_from_this()](const std::string& line) {
        if (const auto self = weak.lock()) self->say(line);
      });
    }

    void say(const std::string& line) {
      if (lines_.size() >= kLinesMax) return close();
      if (line.starts_with("done")) joined_.reset();
      is_last_ = line.starts_with("done");
      lines_.push_back(line + "\n");
      if (lines_.size() == 1) write();
    }

    void write() {
      asio::async_write(socket_, asio::buffer(lines_.front()), [self = shared_from_this()](error_code error, std::size_t) {
        if (error) return self->close();
        self->lines_.pop_front();
        if (!self->lines_.empty()) return self->write();
        if (self->is_last_) self->close();
      });
    }

    std::shared_ptr<Impl> owner_;
    stream_protocol::socket socket_;
    asio::steady_timer deadline_;
    std::array<char, 64> buffer_{};
    std::string request_;
    std::deque<std::string> lines_;
    std::optional<int> joined_;
    bool is_last_ = false;
  };

  asio::io_context& loop_;
  Handler handler_;
  stream_protocol::acceptor acceptor_;
  std::set<Caller*> callers_;
};

Result<std::unique_ptr<StopSocket>> StopSocket::start(boost::asio::io_context& loop, const std::filesystem::path& path, Handler handler) {
  auto impl = std::make_shared<Impl>(loop, std::move(handler));
  if (const auto error = impl->listen(path)) return unavailable(path.string(), "cannot listen: " + error.message());
  impl->accept();
  return std::unique_ptr<StopSocket>(new StopSocket(std::move(impl)));
}

StopSocket::StopSocket(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
StopSocket::~StopSocket() { impl_->stop(); }

}  // namespace shardkeeper::agent
