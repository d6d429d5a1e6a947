#include "coordinator/platform/kube/client/reflector.h"

#include "coordinator/platform/kube/client/fields.h"
#include "coordinator/platform/kube/client/jitter.h"

#include <boost/json.hpp>

#include <utility>

namespace shardkeeper::platform::kube {
namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr Duration kLongestPause = std::chrono::seconds(10);
// A server that ends watches at once, without an error, must not be asked in a loop.
constexpr Duration kShortWatch = std::chrono::seconds(1);
constexpr std::chrono::seconds kListTimeout{30};

}  // namespace

class Reflector::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(Api& api, Scheduler& scheduler, ReflectorOptions options, Hooks hooks)
      : api_(api),
        scheduler_(scheduler),
        options_(std::move(options)),
        hooks_(std::move(hooks)),
        jitter_(options_.seed),
        cache_(options_.dropped),
        stale_since_(scheduler.now()) {}

  void list(const std::string& continue_token) {
    auto request = list_request(options_.resource, options_.selection, options_.page_size, continue_token);
    request.timeout = kListTimeout;
    const bool is_first = continue_token.empty();
    if (is_first) cache_.drop_pages();
    api_.call(std::move(request), [weak = weak_from_this(), is_first](Result<boost::json::value> reply) {
      const auto self = weak.lock();
      if (self && !self->is_stopped_) self->has_listed(std::move(reply), is_first);
    });
  }

  void stop() {
    is_stopped_ = true;
    watch_.reset();
    timer_.reset();
  }

  const ObjectCache& cache() const { return cache_; }
  bool is_synced() const { return is_synced_; }
  std::optional<TimePoint> stale_since() const { return stale_since_; }
  const std::optional<Error>& trouble() const { return trouble_; }

 private:
  void has_listed(Result<boost::json::value> reply, bool is_first) {
    if (!reply) return list_later(reply.error());
    if (!reply->is_object()) return list_later(invalid("list", "is no JSON object"));
    // Of the first page: all pages show the same moment, and where a server cannot keep to that, older means only that events are
    // told again.
    if (is_first) version_ = version_of(reply->as_object());
    const auto next = text_at(reply->as_object(), {"metadata", "continue"});
    if (const auto added = cache_.add_page(std::move(*reply)); !added) return list_later(added.error());
    if (!next.empty()) return list(next);
    if (version_.empty()) return list_later(invalid("list", "has no metadata.resourceVersion"));
    is_synced_ = true;
    cache_.complete_list([this](const Change& change) { return tell(change); });
    if (is_stopped_) return;
    if (hooks_.synced) hooks_.synced();
    if (!is_stopped_) watch();
  }

  void watch() {
    const auto server_timeout = std::chrono::duration_cast<std::chrono::seconds>(jitter_.shorter(options_.watch_for));
    watch_began_ = scheduler_.now();
    is_open_ = false;
    auto request = watch_request(options_.resource, options_.selection, version_, server_timeout);
    WatchHooks hooks{
        .opened = [weak = weak_from_this()] { with(weak, [](Impl& self) { self.has_opened(); }); },
        .event = [weak = weak_from_this()](WatchEvent event) { with(weak, [&](Impl& self) { self.has_event(std::move(event)); }); },
        .ended = [weak = weak_from_this()](WatchEnd end) { with(weak, [&](Impl& self) { self.has_ended(end); }); }};
    watch_ = api_.watch(std::move(request), std::move(hooks));
  }

  template <typename Work>
  static void with(const std::weak_ptr<Impl>& weak, Work work) {
    if (const auto self = weak.lock(); self && !self->is_stopped_) work(*self);
  }

  void has_opened() {
    is_open_ = true;
    stale_since_.reset();
    trouble_.reset();
  }

  void has_event(WatchEvent event) {
    if (event.type == WatchEvent::Type::kBookmark) {
      if (const auto* mark = event.object.if_object(); mark != nullptr && !version_of(*mark).empty()) version_ = version_of(*mark);
      return;
    }
    auto version = event.object.is_object() ? version_of(event.object.as_object()) : std::string();
    const auto applied = cache_.apply(std::move(event), [this](const Change& change) { return tell(change); });
    if (is_stopped_) return;
    if (applied) {
      version_ = std::move(version);
      return;
    }
    // What else it says cannot be trusted either: everything anew.
    watch_.reset();
    list_later(applied.error());
  }

  void has_ended(const WatchEnd& end) {
    watch_.reset();
    is_stale();
    const bool was_good = is_open_ && scheduler_.now() - watch_began_ >= kShortWatch;
    if (was_good) pauses_.reset();
    switch (end.cause) {
      case WatchEnd::Cause::kFinished: return was_good ? watch() : later([](Impl& self) { self.watch(); });
      // The gap may hold changes that nobody will tell: only a list knows. Not at once, since a server may answer 410 to every watch.
      case WatchEnd::Cause::kExpired: return later([](Impl& self) { self.list(""); });
      case WatchEnd::Cause::kFailed: {
        is_troubled(end.error.value_or(unavailable("watch", "failed")));
        if (!is_stopped_) later([](Impl& self) { self.watch(); });
        return;
      }
    }
  }

  void list_later(const Error& because) {
    is_troubled(because);
    if (!is_stopped_) later([](Impl& self) { self.list(""); });
  }

  template <typename Work>
  void later(Work work) {
    timer_ = scheduler_.after(jitter_.longer(pauses_.next()), [weak = weak_from_this(), work] { with(weak, work); });
  }

  bool tell(const Change& change) {
    if (hooks_.changed) hooks_.changed(change);
    return !is_stopped_;
  }

  void is_stale() {
    if (!stale_since_) stale_since_ = scheduler_.now();
  }

  void is_troubled(const Error& because) {
    is_stale();
    if (trouble_ == because) return;
    trouble_ = because;
    if (hooks_.troubled) hooks_.troubled(because);
  }

  Api& api_;
  Scheduler& scheduler_;
  const ReflectorOptions options_;
  const Hooks hooks_;
  Jitter jitter_;
  Pauses pauses_{kFirstPause, kLongestPause};
  ObjectCache cache_;
  std::string version_;  // up to which everything is known
  std::unique_ptr<Watch> watch_;
  std::unique_ptr<Timer> timer_;
  TimePoint watch_began_;
  std::optional<TimePoint> stale_since_;
  std::optional<Error> trouble_;
  bool is_open_ = false;  // the server accepted the present watch
  bool is_synced_ = false;
  bool is_stopped_ = false;
};

Reflector::Reflector(Api& api, Scheduler& scheduler, ReflectorOptions options, Hooks hooks)
    : impl_(std::make_shared<Impl>(api, scheduler, std::move(options), std::move(hooks))) {
  impl_->list("");
}
Reflector::~Reflector() { impl_->stop(); }

const Reflector::Objects& Reflector::objects() const { return impl_->cache().objects(); }
const boost::json::object* Reflector::find(const ObjectName& name) const { return impl_->cache().find(name); }
bool Reflector::is_synced() const { return impl_->is_synced(); }
std::optional<TimePoint> Reflector::stale_since() const { return impl_->stale_since(); }
const std::optional<Error>& Reflector::trouble() const { return impl_->trouble(); }

}  // namespace shardkeeper::platform::kube
