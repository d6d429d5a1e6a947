#include "coordinator/platform/kube/client/http_api.h"

#include "coordinator/platform/kube/client/error_map.h"
#include "coordinator/platform/kube/client/http_connection.h"
#include "coordinator/platform/kube/client/http_watch.h"
#include "coordinator/platform/kube/client/jitter.h"
#include "coordinator/platform/kube/client/tls_context.h"
#include "coordinator/platform/kube/client/token.h"

#include <boost/json.hpp>

#include <algorithm>
#include <deque>
#include <list>
#include <utility>

namespace shardkeeper::platform::kube {
namespace {

constexpr int kTriesMax = 6;
constexpr std::chrono::seconds kPauseWithoutAdvice{1};  // what a 429 without Retry-After means to other clients too

struct Call {
  Request request;
  std::string body;
  Api::Done done;
  TimePoint deadline;
  std::unique_ptr<Timer> timer;  // while it waits: for a connection or for the time that the server told
  std::optional<Error> last;     // what the previous try met
  int tries = 0;
  bool has_renewed_token = false;
  ReplyHead head;
  std::string reply;
};
using CallPtr = std::shared_ptr<Call>;  // shared by the queue, its timer and its exchange
using ConnectionPtr = std::shared_ptr<HttpConnection>;

Result<boost::json::value> parse_reply(const Call& call) {
  const auto where = where_of(call.request.method, call.request.path);
  boost::json::parse_options options;
  options.max_depth = 64;
  boost::system::error_code failed;
  auto value = boost::json::parse(call.reply, failed, {}, options);
  if (!failed) return value;
  const auto what = "the reply is no JSON: " + failed.message();
  return call.request.method == Method::kGet ? invalid(where, what) : unknown_outcome(where, what);
}

// What a broken exchange means: a read changes nothing, of a change nobody knows whether it was made.
Error to_error(const Call& call, const ExchangeEnd& end) {
  const auto where = where_of(call.request.method, call.request.path);
  if (call.request.method != Method::kGet && end.was_sent) return unknown_outcome(where, "no complete reply: " + end.detail);
  if (end.cause == ExchangeEnd::Cause::kGarbage) return invalid(where, "the reply cannot be read: " + end.detail);
  return unavailable(where, "no complete reply: " + end.detail);
}

}  // namespace

class HttpApi::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& loop, Scheduler& scheduler, Config config, HttpApiOptions options,
       std::unique_ptr<boost::asio::ssl::context> tls)
      : loop_(loop),
        scheduler_(scheduler),
        config_(std::move(config)),
        options_(options),
        tls_(std::move(tls)),
        token_(std::make_shared<Token>(config_)),
        jitter_(options.seed) {}

  void call(Request request, Done done) {
    auto call = std::make_shared<Call>();
    call->deadline = scheduler_.now() + request.timeout;
    if (request.body) call->body = boost::json::serialize(*request.body);
    call->request = std::move(request);
    call->done = std::move(done);
    if (static_cast<int>(queue_.size()) >= options_.queued_max) {
      call->last = unavailable(where(*call), "too many requests wait for the API server already");
      return post([call](Impl& self) { self.fail(call); });
    }
    enqueue(call);
  }

  std::unique_ptr<Watch> watch(WatchRequest request, WatchHooks hooks) {
    return start_watch({.connection = HttpConnection::make(loop_, tls_.get(), config_),
                        .token = token_,
                        .base_path = config_.base_path,
                        .header_bytes_max = options_.header_bytes_max,
                        .event_bytes_max = options_.event_bytes_max,
                        .connect_max = options_.connect_max},
                       std::move(request), std::move(hooks));
  }

  void stop() {
    is_stopped_ = true;
    queue_.clear();
    for (const auto& connection : busy_) connection->close();
    for (auto& idle : idle_) idle.connection->close();
    busy_.clear();
    idle_.clear();
  }

 private:
  struct Idle {
    ConnectionPtr connection;
    std::unique_ptr<Timer> timer;
  };

  static std::string where(const Call& call) { return where_of(call.request.method, call.request.path); }

  // Runs `work` later unless this is stopped by then.
  template <typename Work>
  void post(Work work) {
    scheduler_.post([weak = weak_from_this(), work = std::move(work)] {
      if (const auto self = weak.lock(); self && !self->is_stopped_) work(*self);
    });
  }
  template <typename Work>
  std::unique_ptr<Timer> after(Duration delay, Work work) {
    return scheduler_.after(delay, [weak = weak_from_this(), work = std::move(work)] {
      if (const auto self = weak.lock(); self && !self->is_stopped_) work(*self);
    });
  }

  void enqueue(const CallPtr& call) {
    if (!call->last) call->last = unavailable(where(*call), "no connection to the API server became free in time");
    call->timer = after(call->deadline - scheduler_.now(), [weak_call = std::weak_ptr<Call>(call)](Impl& self) {
      if (const auto late = weak_call.lock()) self.give_up(late);
    });
    if (call->request.is_urgent)
      queue_.push_front(call);
    else
      queue_.push_back(call);
    post([](Impl& self) { self.pump(); });
  }

  void give_up(const CallPtr& call) {
    std::erase(queue_, call);
    fail(call);
  }

  void pump() {
    while (!is_stopped_ && !queue_.empty()) {
      const CallPtr call = queue_.front();
      if (idle_.empty() && static_cast<int>(busy_.size()) >= options_.connections_max + (call->request.is_urgent ? 1 : 0)) return;
      queue_.pop_front();
      call->timer.reset();
      run(call);
    }
  }

  void run(const CallPtr& call) {
    // Never the whole timeout anew: all tries share it.
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(call->deadline - scheduler_.now());
    if (left <= std::chrono::milliseconds(0)) return fail(call);
    ++call->tries;
    if (const auto connection = take_idle()) {
      busy_.push_back(connection);
      return ask(call, connection, Age::kUsed);
    }
    const auto connection = HttpConnection::make(loop_, tls_.get(), config_);
    busy_.push_back(connection);
    connection->connect(std::min(left, options_.connect_max), [weak = weak_from_this(), call, connection](const Result<void>& connected) {
      const auto self = weak.lock();
      if (!self || self->is_stopped_) return;
      if (connected) return self->ask(call, connection, Age::kNew);
      self->busy_.remove(connection);
      call->last = Error{connected.error().kind, where(*call), connected.error().detail};
      self->fail(call);
    });
  }

  // One that still lives; null when there is none.
  ConnectionPtr take_idle() {
    while (!idle_.empty()) {
      const auto connection = idle_.front().connection;
      idle_.pop_front();
      if (connection->is_reusable()) return connection;
      connection->close();
    }
    return nullptr;
  }

  enum class Age { kNew, kUsed };

  void ask(const CallPtr& call, const ConnectionPtr& connection, Age age) {
    const auto token = token_->current();
    if (!token) {
      give_back(connection);
      call->last = token.error();
      return fail(call);
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(call->deadline - scheduler_.now());
    call->head = {};
    call->reply.clear();
    Question question{.method = to_string(call->request.method),
                      .target = config_.base_path + call->request.path,
                      .token = *token,
                      .content_type = call->request.content_type,
                      .body = call->body};
    ExchangeHooks hooks{.head = [call](const ReplyHead& head) { call->head = head; },
                        .data =
                            [call](std::string_view piece) {
                              call->reply.append(piece);
                              return true;
                            },
                        .end =
                            [weak = weak_from_this(), call, connection, age](const ExchangeEnd& end) {
                              if (const auto self = weak.lock(); self && !self->is_stopped_) self->has_ended(call, connection, age, end);
                            }};
    connection->exchange(std::move(question), {options_.header_bytes_max, options_.response_bytes_max},
                         std::max(left, std::chrono::milliseconds(1)), std::nullopt, std::move(hooks));
  }

  void has_ended(const CallPtr& call, const ConnectionPtr& connection, Age age, const ExchangeEnd& end) {
    give_back(connection);
    if (end.cause == ExchangeEnd::Cause::kComplete) return has_answered(call);
    call->last = to_error(*call, end);
    // The server may close a connection that was idle just when we use it. A read can be asked again; its next connection may be an
    // idle one too, so this ends by the number of tries.
    const bool is_stale = age == Age::kUsed && !end.has_answered && end.cause == ExchangeEnd::Cause::kBroken;
    if (is_stale && call->request.method == Method::kGet && call->tries < kTriesMax) return enqueue(call);
    fail(call);
  }

  void has_answered(const CallPtr& call) {
    const int status = call->head.status;
    if (status >= 200 && status < 300) return finish(call, parse_reply(*call));
    const Answer answer{status, call->reply, call->head.retry_after};
    const auto& request = call->request;
    call->last = kube::to_error(request.method, request.path, answer);
    if (status == 401 && !call->has_renewed_token) {
      call->has_renewed_token = true;
      token_->distrust();
      return enqueue(call);
    }
    if (!is_worth_retrying(request.method, request.path, answer) || call->tries >= kTriesMax) return fail(call);
    const auto pause = jitter_.longer(std::max<Duration>(answer.retry_after.value_or(kPauseWithoutAdvice), std::chrono::milliseconds(100)));
    if (scheduler_.now() + pause >= call->deadline) {
      call->last->detail += " (asked to wait longer than this request may take)";
      return fail(call);
    }
    waiting_.push_back(call);
    call->timer = after(pause, [weak_call = std::weak_ptr<Call>(call)](Impl& self) {
      const auto waited = weak_call.lock();
      if (!waited) return;
      self.waiting_.remove(waited);
      self.enqueue(waited);
    });
  }

  void fail(const CallPtr& call) { finish(call, *call->last); }

  void finish(const CallPtr& call, Result<boost::json::value> result) {
    call->timer.reset();
    const auto done = std::exchange(call->done, nullptr);
    if (done) done(std::move(result));
    if (!is_stopped_) post([](Impl& self) { self.pump(); });
  }

  void give_back(const ConnectionPtr& connection) {
    busy_.remove(connection);
    if (!connection->is_reusable()) return connection->close();
    if (static_cast<int>(idle_.size()) >= options_.connections_max) return connection->close();
    const std::weak_ptr<HttpConnection> weak_connection = connection;
    idle_.push_front({connection, after(options_.idle_max, [weak_connection](Impl& self) { self.drop_idle(weak_connection.lock()); })});
    connection->watch_idle([weak = weak_from_this(), weak_connection] {
      if (const auto self = weak.lock(); self && !self->is_stopped_) self->drop_idle(weak_connection.lock());
    });
  }

  void drop_idle(const ConnectionPtr& connection) {
    if (!connection) return;
    connection->close();
    idle_.remove_if([&](const Idle& idle) { return idle.connection == connection; });
  }

  boost::asio::io_context& loop_;
  Scheduler& scheduler_;
  const Config config_;
  const HttpApiOptions options_;
  std::unique_ptr<boost::asio::ssl::context> tls_;
  std::shared_ptr<Token> token_;  // shared with the watches
  Jitter jitter_;
  std::deque<CallPtr> queue_;
  std::list<CallPtr> waiting_;  // for the time that the server told
  std::list<ConnectionPtr> busy_;
  std::list<Idle> idle_;  // the last used one first
  bool is_stopped_ = false;
};

Result<std::unique_ptr<HttpApi>> HttpApi::open(boost::asio::io_context& loop, Scheduler& scheduler, Config config, HttpApiOptions options) {
  auto tls = make_tls_context(config);
  if (!tls) return tls.error();
  return std::unique_ptr<HttpApi>(new HttpApi(std::make_shared<Impl>(loop, scheduler, std::move(config), options, std::move(*tls))));
}

HttpApi::HttpApi(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpApi::~HttpApi() { impl_->stop(); }
void HttpApi::call(Request request, Done done) { impl_->call(std::move(request), std::move(done)); }
std::unique_ptr<Watch> HttpApi::watch(WatchRequest request, WatchHooks hooks) { return impl_->watch(std::move(request), std::move(hooks)); }

}  // namespace shardkeeper::platform::kube
