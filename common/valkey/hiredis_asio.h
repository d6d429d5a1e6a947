// One socket with hiredis' asynchronous API on it, driven by an Asio loop. Mechanism only: what to send, when to give up and when to
// come back is the business of Connection.
#pragma once

#include "common/error/result.h"
#include "common/valkey/address.h"
#include "common/valkey/reply.h"
#include "common/valkey/reply_builder.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

struct redisAsyncContext;

namespace shardkeeper::valkey {

// Each function may call anything of the session, close() included.
class SessionEvents {
 public:
  virtual void on_reply(Reply reply) = 0;  // one per send(), in the same order
  // The last event; the session is closed. kUnavailable: the peer or the network; kInvalid: it sent what breaks protocol or bounds.
  virtual void on_closed(Error why) = 0;

 protected:
  ~SessionEvents() = default;
};

// THREAD the loop's. OWNERSHIP shared between its user and the loop's queued waits, because an aborted wait still completes later.
class HiredisAsio : public std::enable_shared_from_this<HiredisAsio> {
 public:
  // Begins to connect. Events come from the loop only, never from inside open(), send() or close().
  // Ignores SIGPIPE in this process: hiredis writes with write(2), which would end us when the peer is gone.
  // ERRORS kUnavailable: no such socket, refused, its queue is full. kInvalid: a path that is too long, an ip that is no literal.
  // REQUIRES `events` lives until close().
  static Result<std::shared_ptr<HiredisAsio>> open(boost::asio::io_context& loop, const Address& address, SessionEvents& events);

  ~HiredisAsio();
  HiredisAsio(const HiredisAsio&) = delete;
  HiredisAsio& operator=(const HiredisAsio&) = delete;

  // Allowed before the connection stands. REQUIRES not closed; `arguments` is not empty and no command that hiredis treats in its
  // own way (SUBSCRIBE and its kin, MONITOR).
  void send(const std::vector<std::string>& arguments);

  // No event comes afterwards. May be called again.
  void close();

 private:
  HiredisAsio(boost::asio::io_context& loop, std::string where, SessionEvents& events);
  void adopt(redisAsyncContext& context);

  static void reply_arrived(redisAsyncContext* context, void* reply, void* unused);
  static void want_read(void* self);
  static void want_write(void* self);
  static void no_more_writes(void* self);
  static void cleaned_up(void* self);

  void wait_readable();
  void wait_writable();
  void run(void (*step)(redisAsyncContext*));
  void free_context();
  void report_closed();

  std::string where_;
  SessionEvents* events_;                             // null once closed
  ReplyBuilder builder_;                              // outlives context_
  redisAsyncContext* context_ = nullptr;              // null once hiredis has freed it
  boost::asio::posix::stream_descriptor descriptor_;  // borrows hiredis' descriptor
  std::optional<Error> failure_;                      // why hiredis gave up
  bool is_stepping_ = false;                          // inside hiredis: freeing must wait
  bool waits_for_read_ = false;
  bool waits_for_write_ = false;
};

}  // namespace shardkeeper::valkey
