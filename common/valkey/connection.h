// A server over a unix socket (or TCP), with hiredis underneath: login, bounded calls, coming back by itself.
#pragma once

#include "common/net/asio_scheduler.h"
#include "common/valkey/address.h"
#include "common/valkey/hiredis_asio.h"
#include "common/valkey/server_port.h"

#include <deque>
#include <memory>
#include <optional>

namespace shardkeeper::valkey {

struct Login {
  std::string user;
  std::string password;  // never logged
};

struct ConnectionOptions {
  Address address;
  std::optional<Login> login;                       // none: as the server's default user, without AUTH
  Duration call_timeout = std::chrono::seconds(5);  // SETSLOT may block for 2 s, a fork stalls the server for a second or more
  // The first pause after a failure and the longest; each is twice the one before, until a call after the login is answered. No jitter:
  // one agent, one server, one pod.
  Duration retry_min = std::chrono::milliseconds(10);
  Duration retry_max = std::chrono::seconds(1);
};

// Connects by itself from the first turn of the loop on, and again whenever the connection ends, until destroyed.
//   waiting --(pause over)--> logging in --(login accepted)--> connected
//      ^--------- socket missing, refused, closed, timeout ---------|
// The login is AUTH, or PING where there is none to do; so "connected" means that a server has answered. It may still be loading: calls then
// get its -LOADING replies.
//
// Replies: at most 1,024 calls pending (more get kUnavailable). A call without reply after call_timeout closes the connection, because
// replies are told apart by their order alone; a reply beyond the bounds of reply_builder.h, or no reply at all by protocol, closes it too. Every
// call pending then gets kUnknownOutcome, but the oldest gets kInvalid where the reply was the reason.
//
// THREAD the loop's. May be destroyed inside its own callbacks. REQUIRES `loop` outlives it.
class Connection final : public ServerPort, private SessionEvents {
 public:
  static constexpr std::size_t kPendingMax = 1024;

  Connection(boost::asio::io_context& loop, ConnectionOptions options);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // ERRORS also kRefused for what would switch the connection to another mode: SUBSCRIBE and its kin, MONITOR, HELLO, RESET, PSYNC.
  void call(std::vector<std::string> arguments, Done done) override;
  std::uint64_t calls_made() const override { return calls_made_; }
  bool is_connected() const override { return state_ == State::kConnected; }
  void on_connection(std::function<void(bool connected)> changed) override { changed_ = std::move(changed); }

  // Ends the present pause and starts over with the shortest: for who knows that a server has just started. Without effect while
  // connected or logging in.
  void reconnect_now() override;

  // Why the newest attempt failed or the connection ended; none while connected and before the first attempt has failed.
  // kUnavailable: no socket, refused, closed, silent. kRefused: the login. kInvalid: not a server's protocol.
  const std::optional<Error>& trouble() const { return trouble_; }

 private:
  enum class State { kWaiting, kLoggingIn, kConnected };

  struct Call {
    Done done;
    TimePoint deadline;
  };

  void connect();
  void log_in();
  void on_login(const Result<Reply>& reply);
  void retry_later();
  void lose(Error why);
  void send(const std::vector<std::string>& arguments, Done done);
  void reject(Error why, Done done);
  void watch_deadline();
  void check_deadline();
  void on_reply(Reply reply) override;
  void on_closed(Error why) override;

  boost::asio::io_context& loop_;
  AsioScheduler scheduler_;
  const ConnectionOptions options_;
  const std::string where_;

  State state_ = State::kWaiting;
  std::shared_ptr<HiredisAsio> session_;  // present unless kWaiting
  std::deque<Call> calls_;                // sent, in order; deadlines ascend
  std::uint64_t calls_made_ = 0;
  Duration retry_pause_;
  std::unique_ptr<Timer> retry_timer_;     // while kWaiting
  std::unique_ptr<Timer> deadline_timer_;  // while calls are pending, and at times a little longer
  std::optional<Error> trouble_;
  std::function<void(bool)> changed_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // watched, not owned, by what is queued and by callbacks on the way
};

}  // namespace shardkeeper::valkey
