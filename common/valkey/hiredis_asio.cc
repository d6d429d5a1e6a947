#include "common/valkey/hiredis_asio.h"

#include "common/error/check.h"
#include "common/valkey/parse/quote.h"

#include <hiredis/async.h>
#include <boost/asio/ip/address.hpp>

#include <fcntl.h>
#include <csignal>
#include <utility>

namespace shardkeeper::valkey {
namespace {

// sun_path has 108 bytes; hiredis copies 107 of them and does not end them with a zero.
constexpr std::size_t kPathBytesMax = 106;
constexpr std::size_t kShownBytesMax = 200;

std::string reason_of(const redisContext& context) { return parse::printable(context.errstr, kShownBytesMax); }

Result<redisAsyncContext*> connect(const UnixAddress& address) {
  if (address.path.empty() || address.path.size() > kPathBytesMax)
    return invalid(address.path, "a socket's path has 1 to 106 bytes; choose a shorter folder");
  return redisAsyncConnectUnix(address.path.c_str());
}

Result<redisAsyncContext*> connect(const TcpAddress& address) {
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(address.ip, not_an_address);
  if (not_an_address) return invalid(to_string(Address(address)), "the ip is not an IPv4 or IPv6 literal");
  return redisAsyncConnect(address.ip.c_str(), address.port);
}

}  // namespace

std::string to_string(const Address& address) {
  if (const auto* tcp = std::get_if<TcpAddress>(&address)) return tcp->ip + ":" + std::to_string(tcp->port);
  return std::get<UnixAddress>(address).path;
}

Result<std::shared_ptr<HiredisAsio>> HiredisAsio::open(boost::asio::io_context& loop, const Address& address, SessionEvents& events) {
  static const auto ignored_once = std::signal(SIGPIPE, SIG_IGN);
  (void)ignored_once;
  const std::string where = to_string(address);
  const auto connecting = std::visit([](const auto& a) { return connect(a); }, address);
  if (!connecting) return connecting.error();
  redisAsyncContext* const context = *connecting;
  if (context == nullptr) return unavailable(where, "out of memory");
  if (context->err != 0) {
    auto failure = unavailable(where, "cannot connect: " + reason_of(context->c));
    redisAsyncFree(context);
    return failure;
  }
  std::shared_ptr<HiredisAsio> session(new HiredisAsio(loop, where, events));
  session->adopt(*context);
  return session;
}

HiredisAsio::HiredisAsio(boost::asio::io_context& loop, std::string where, SessionEvents& events)
    : where_(std::move(where)), events_(&events), descriptor_(loop) {}

HiredisAsio::~HiredisAsio() { free_context(); }

void HiredisAsio::adopt(redisAsyncContext& context) {
  context_ = &context;
  fcntl(context.c.fd, F_SETFD, FD_CLOEXEC);  // hiredis does not; programs that we start must not keep it open
  descriptor_.assign(context.c.fd);
  builder_.attach(*context.c.reader);
  context.data = this;
  context.ev.data = this;
  context.ev.addRead = want_read;
  context.ev.addWrite = want_write;
  context.ev.delWrite = no_more_writes;
  context.ev.cleanup = cleaned_up;
  wait_writable();  // this is how hiredis learns that the connection stands
}

void HiredisAsio::send(const std::vector<std::string>& arguments) {
  SK_CHECK(context_ != nullptr && !arguments.empty(), "send on a closed session, or nothing to send");
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const auto& argument : arguments) {
    texts.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  builder_.expect();
  const int queued = redisAsyncCommandArgv(context_, reply_arrived, nullptr, static_cast<int>(texts.size()), texts.data(), sizes.data());
  SK_CHECK(queued == REDIS_OK, "hiredis refuses commands only while it is closing");
}

void HiredisAsio::close() {
  events_ = nullptr;
  if (!is_stepping_) free_context();
}

// Hooks. hiredis calls them from inside its own functions.

void HiredisAsio::reply_arrived(redisAsyncContext* context, void* reply, void* /*unused*/) {
  if (reply == nullptr) return;  // the context is being freed: on_closed tells
  auto& self = *static_cast<HiredisAsio*>(context->data);
  self.builder_.taken();
  if (self.events_ != nullptr) self.events_->on_reply(std::move(*static_cast<Reply*>(reply)));
}

void HiredisAsio::want_read(void* self) { static_cast<HiredisAsio*>(self)->wait_readable(); }

void HiredisAsio::want_write(void* self) { static_cast<HiredisAsio*>(self)->wait_writable(); }

void HiredisAsio::no_more_writes(void* /*self*/) {}  // each wait is for one event: there is nothing to take back

void HiredisAsio::cleaned_up(void* data) {
  auto& self = *static_cast<HiredisAsio*>(data);
  const auto& context = self.context_->c;
  if (self.builder_.problem())
    self.failure_ = invalid(self.where_, *self.builder_.problem() + "; connection closed");
  else if (context.err == REDIS_ERR_PROTOCOL)
    self.failure_ = invalid(self.where_, "not the server's protocol: " + reason_of(context) + "; connection closed");
  else
    self.failure_ = unavailable(self.where_, context.err != 0 ? reason_of(context) : "connection closed");
  self.descriptor_.release();  // hiredis closes it
  self.context_ = nullptr;
}

void HiredisAsio::wait_readable() {
  if (waits_for_read_ || context_ == nullptr) return;
  waits_for_read_ = true;
  descriptor_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& aborted) {
                           self->waits_for_read_ = false;
                           if (!aborted) self->run(redisAsyncHandleRead);
                         });
}

void HiredisAsio::wait_writable() {
  if (waits_for_write_ || context_ == nullptr) return;
  waits_for_write_ = true;
  descriptor_.async_wait(boost::asio::posix::descriptor_base::wait_write,
                         [self = shared_from_this()](const boost::system::error_code& aborted) {
                           self->waits_for_write_ = false;
                           if (!aborted) self->run(redisAsyncHandleWrite);
                         });
}

// One step of hiredis. It may end with the context freed by hiredis itself (error), or with a wish of ours to free it (close() inside an event).
void HiredisAsio::run(void (*step)(redisAsyncContext*)) {
  if (context_ == nullptr) return;  // closed while the event was queued
  is_stepping_ = true;
  step(context_);
  is_stepping_ = false;
  if (context_ == nullptr) {
    report_closed();
  } else if (events_ == nullptr) {
    free_context();
  } else if (!builder_.check_buffer(*context_->c.reader)) {
    free_context();
    report_closed();
  } else if ((context_->c.flags & REDIS_CONNECTED) == 0) {
    wait_writable();
  }
}

void HiredisAsio::free_context() {
  if (context_ != nullptr) redisAsyncFree(context_);
}

void HiredisAsio::report_closed() {
  if (auto* const events = std::exchange(events_, nullptr); events != nullptr) events->on_closed(*failure_);
}

}  // namespace shardkeeper::valkey
