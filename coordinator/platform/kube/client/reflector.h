// A cache of one kind of objects, kept true by list and watch: the API server sees no polling.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/platform/kube/client/api.h"
#include "coordinator/platform/kube/client/object_cache.h"
#include "coordinator/platform/kube/client/requests.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::platform::kube {

struct ReflectorOptions {
  Resource resource;
  Selection selection;
  std::uint64_t seed = 0;               // of the jitter; injected
  int page_size = 200;                  // about 2 MiB of pods: some milliseconds of parsing on the loop
  std::chrono::seconds watch_for{180};  // the server ends each watch after so long (shortened by up to a third by chance)
  std::vector<std::string> dropped;     // members that `changed` alone sees: objects() and find() do without
};

// THREAD the loop's. REQUIRES api and scheduler outlive it. It may be destroyed inside its callbacks.
class Reflector {
 public:
  using Objects = ObjectCache::Objects;
  struct Hooks {
    // For EVERY change, in the server's order, after objects() has it (a deleted object is gone from there). Versions that nobody
    // told while the watch was down show as one change.
    std::function<void(const Change&)> changed;
    std::function<void()> synced;                // after each complete list, also an empty one
    std::function<void(const Error&)> troubled;  // once for each different trouble; it goes on trying by itself
  };

  Reflector(Api& api, Scheduler& scheduler, ReflectorOptions options, Hooks hooks);
  ~Reflector();
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  const Objects& objects() const;
  const boost::json::object* find(const ObjectName& name) const;
  // The first list was complete. Until then an absent object means nothing.
  bool is_synced() const;
  // Since when what we have may be old: no watch is up. None while one is; a server that vanished without a word counts as up until
  // the connection's keep-alive notices (25 s), one that hangs until the watch should have ended.
  std::optional<TimePoint> stale_since() const;
  const std::optional<Error>& trouble() const;  // why it is stale

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared with callbacks under way, which find it stopped
};

}  // namespace shardkeeper::platform::kube
