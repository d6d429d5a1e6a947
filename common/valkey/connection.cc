#include "common/valkey/connection.h"

#include "common/error/check.h"
#include "common/log/log.h"
#include "common/valkey/error_map.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

namespace shardkeeper::valkey {
namespace {

// Their replies do not come one per call, or in another protocol.
constexpr std::array<std::string_view, 12> kRefusedCommands{"SUBSCRIBE",    "PSUBSCRIBE",   "SSUBSCRIBE", "UNSUBSCRIBE",
                                                            "PUNSUBSCRIBE", "SUNSUBSCRIBE", "MONITOR",    "PMONITOR",
                                                            "HELLO",        "RESET",        "SYNC",       "PSYNC"};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto upper = [](char c) { return std::toupper(static_cast<unsigned char>(c)); };
  return std::ranges::equal(a, b, {}, upper, upper);
}

bool is_refused(const std::string& command) {
  return std::ranges::any_of(kRefusedCommands, [&](std::string_view refused_one) { return equal_ignoring_case(command, refused_one); });
}

std::string in_ms(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

}  // namespace

Connection::Connection(boost::asio::io_context& loop, ConnectionOptions options)
    : loop_(loop), scheduler_(loop), options_(std::move(options)), where_(to_string(options_.address)), retry_pause_(options_.retry_min) {
  retry_timer_ = scheduler_.after(Duration(0), [this] { connect(); });
}

Connection::~Connection() {
  if (session_) session_->close();
}

void Connection::call(std::vector<std::string> arguments, Done done) {
  if (arguments.empty() || arguments.front().empty()) return reject(refused(where_, "a call without a command"), std::move(done));
  if (is_refused(arguments.front()))
    return reject(refused(arguments.front(), "would change how replies come; it cannot be called on a shared connection"), std::move(done));
  if (state_ != State::kConnected)
    return reject(unavailable(where_, "not connected" + (trouble_ ? ": " + trouble_->detail : "")), std::move(done));
  if (calls_.size() >= kPendingMax) return reject(unavailable(where_, "1024 calls are pending already"), std::move(done));
  send(arguments, std::move(done));
}

void Connection::reconnect_now() {
  if (state_ != State::kWaiting) return;
  retry_pause_ = options_.retry_min;
  connect();
}

void Connection::connect() {
  retry_timer_.reset();
  auto opened = HiredisAsio::open(loop_, options_.address, *this);
  if (!opened) return lose(opened.error());
  session_ = *std::move(opened);
  state_ = State::kLoggingIn;
  log_in();
}

void Connection::log_in() {
  const auto done = [this](const Result<Reply>& reply) { on_login(reply); };
  if (options_.login)
    send({"AUTH", options_.login->user, options_.login->password}, done);
  else
    send({"PING"}, done);
}

void Connection::on_login(const Result<Reply>& reply) {
  if (!reply) return;  // lose() is under way and tells why
  // PING is answered with an error by servers that load or cannot write; only one of them means that a login is missing.
  const bool was_let_in = !reply->is_error() || (!options_.login && !reply->text.starts_with("NOAUTH"));
  if (!was_let_in) return lose(to_error(where_, reply->text));
  state_ = State::kConnected;
  trouble_.reset();
  log::info("server connected", {{"address", where_}});
  if (const auto changed = changed_; changed) changed(true);
}

// REQUIRES nothing pending of an earlier session but what is in calls_.
void Connection::lose(Error why) {
  const bool was_connected = state_ == State::kConnected;
  if (session_) session_->close();
  session_.reset();
  state_ = State::kWaiting;
  retry_later();
  // The same trouble at every attempt is one line.
  if (was_connected || !trouble_ || *trouble_ != why) log::warn("server not connected", {{"address", where_}, {"reason", why.detail}});
  trouble_ = why;

  // From here on each callback may destroy this object.
  const std::weak_ptr<char> alive = alive_;
  const auto changed = changed_;
  auto calls = std::exchange(calls_, {});
  auto error = why.kind == ErrorKind::kInvalid ? why : unknown_outcome(why.where, why.detail);
  for (auto& call : calls) {
    call.done(error);
    if (alive.expired()) return;
    error.kind = ErrorKind::kUnknownOutcome;
  }
  if (was_connected && changed) changed(false);
}

void Connection::retry_later() {
  retry_timer_ = scheduler_.after(retry_pause_, [this] { connect(); });
  retry_pause_ = std::min(retry_pause_ * 2, options_.retry_max);
}

void Connection::send(const std::vector<std::string>& arguments, Done done) {
  session_->send(arguments);
  ++calls_made_;
  calls_.push_back({.done = std::move(done), .deadline = scheduler_.now() + options_.call_timeout});
  if (!deadline_timer_) watch_deadline();
}

void Connection::reject(Error why, Done done) {
  scheduler_.post([alive = std::weak_ptr<char>(alive_), why = std::move(why), done = std::move(done)] {
    if (!alive.expired()) done(why);
  });
}

// One timer for all calls: it looks at the oldest one. REQUIRES a pending call.
void Connection::watch_deadline() {
  deadline_timer_ = scheduler_.after(calls_.front().deadline - scheduler_.now(), [this] { check_deadline(); });
}

void Connection::check_deadline() {
  deadline_timer_.reset();
  if (calls_.empty()) return;
  if (scheduler_.now() < calls_.front().deadline) return watch_deadline();
  lose(unavailable(where_, "no reply within " + in_ms(options_.call_timeout) + "; connection closed"));
}

void Connection::on_reply(Reply reply) {
  SK_CHECK(!calls_.empty(), "the session counts awaited replies");
  // Not at the login already: a server that lets us in and then breaks off must not be tried a hundred times a second.
  if (state_ == State::kConnected) retry_pause_ = options_.retry_min;
  const auto call = std::move(calls_.front());
  calls_.pop_front();
  call.done(std::move(reply));
}

void Connection::on_closed(Error why) { lose(std::move(why)); }

}  // namespace shardkeeper::valkey
