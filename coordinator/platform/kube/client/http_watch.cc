#include "coordinator/platform/kube/client/http_watch.h"

#include "coordinator/platform/kube/client/error_map.h"
#include "coordinator/platform/kube/client/fields.h"
#include "coordinator/platform/kube/client/watch_events.h"

#include <boost/json.hpp>

#include <utility>

namespace shardkeeper::platform::kube {
namespace {

// Of a refusal; a Status is some hundred bytes.
constexpr std::size_t kRefusalBytesMax = 64 * 1024;
// From the request to the head: the server answers a watch at once, unless it is overloaded.
constexpr std::chrono::seconds kHeadMax{30};

class Stream : public std::enable_shared_from_this<Stream> {
 public:
  Stream(HttpWatchParts parts, WatchRequest request, WatchHooks hooks)
      : parts_(std::move(parts)), request_(std::move(request)), hooks_(std::move(hooks)), events_(parts_.event_bytes_max) {}

  void start() {
    parts_.connection->connect(parts_.connect_max, [self = shared_from_this()](const Result<void>& connected) {
      if (!connected) return self->end_with(connected.error());
      self->ask();
    });
  }

  void stop() {
    is_over_ = true;
    parts_.connection->close();
  }

 private:
  void ask() {
    const auto token = parts_.token->current();
    if (!token) return end_with(token.error());
    Question question{.method = "GET", .target = parts_.base_path + request_.path, .token = *token};
    ExchangeHooks hooks{.head = [self = shared_from_this()](const ReplyHead& head) { self->has_head(head); },
                        .data = [self = shared_from_this()](std::string_view piece) { return self->take(piece); },
                        .end = [self = shared_from_this()](const ExchangeEnd& end) { self->has_ended(end); }};
    parts_.connection->exchange(std::move(question), {.header_bytes_max = parts_.header_bytes_max}, kHeadMax, request_.silence_max,
                                std::move(hooks));
  }

  void has_head(const ReplyHead& head) {
    head_ = head;
    if (head.status == 200 && hooks_.opened) hooks_.opened();
  }

  bool take(std::string_view piece) {
    if (head_.status != 200) {
      refusal_.append(piece.substr(0, kRefusalBytesMax - refusal_.size()));
      return refusal_.size() < kRefusalBytesMax;
    }
    const auto fed = events_.feed(piece, [this](WatchEvent event) { return deliver(std::move(event)); });
    if (is_over_) return false;
    if (fed) return true;
    end_with({fed.error().kind, where(), fed.error().detail});
    return false;
  }

  // RETURNS false when the watch is over.
  bool deliver(WatchEvent event) {
    if (event.type == WatchEvent::Type::kError) {
      end_by_status(event.object.as_object());
      return false;
    }
    hooks_.event(std::move(event));
    return !is_over_;
  }

  void end_by_status(const boost::json::object& status) {
    if (number_at(status, {"code"}) == 410 || text_at(status, {"reason"}) == "Expired")
      return end({WatchEnd::Cause::kExpired, std::nullopt});
    end_with(unavailable(where(), "the server ended the watch: " + words_of(boost::json::serialize(status))));
  }

  void has_ended(const ExchangeEnd& exchange) {
    if (is_over_) return;
    const bool is_refusal = head_.status != 200 && head_.status != 0;
    if (is_refusal) return end_by_refusal();
    if (exchange.cause != ExchangeEnd::Cause::kComplete)
      return end_with({exchange.cause == ExchangeEnd::Cause::kGarbage ? ErrorKind::kInvalid : ErrorKind::kUnavailable, where(),
                       "the watch broke: " + exchange.detail});
    if (!events_.is_between_events()) return end_with(unavailable(where(), "the watch was cut inside an event"));
    end({WatchEnd::Cause::kFinished, std::nullopt});
  }

  void end_by_refusal() {
    if (head_.status == 410) return end({WatchEnd::Cause::kExpired, std::nullopt});
    // The next watch reads the token file anew.
    if (head_.status == 401) parts_.token->distrust();
    end_with(to_error(Method::kGet, request_.path, {head_.status, refusal_, head_.retry_after}));
  }

  std::string where() const { return where_of(Method::kGet, request_.path) + " (watch)"; }
  void end_with(Error error) { end({WatchEnd::Cause::kFailed, std::move(error)}); }
  void end(WatchEnd end) {
    if (is_over_) return;
    stop();
    if (hooks_.ended) hooks_.ended(std::move(end));
  }

  HttpWatchParts parts_;
  const WatchRequest request_;
  WatchHooks hooks_;  // lives as long as this: a hook may drop the watch while it runs
  WatchEvents events_;
  ReplyHead head_;
  std::string refusal_;
  bool is_over_ = false;
};

class HttpWatch final : public Watch {
 public:
  explicit HttpWatch(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}
  ~HttpWatch() override { stream_->stop(); }
  HttpWatch(const HttpWatch&) = delete;
  HttpWatch& operator=(const HttpWatch&) = delete;

 private:
  std::shared_ptr<Stream> stream_;  // shared with its operations under way
};

}  // namespace

std::unique_ptr<Watch> start_watch(HttpWatchParts parts, WatchRequest request, WatchHooks hooks) {
  auto stream = std::make_shared<Stream>(std::move(parts), std::move(request), std::move(hooks));
  stream->start();
  return std::make_unique<HttpWatch>(std::move(stream));
}

}  // namespace shardkeeper::platform::kube
