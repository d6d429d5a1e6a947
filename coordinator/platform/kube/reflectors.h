// The caches of one kind of objects in several namespaces, as if they were one.
#pragma once

#include "coordinator/platform/kube/client/reflector.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::platform::kube {

// THREAD the loop's. REQUIRES api and scheduler outlive it. Not to be destroyed inside its callbacks.
class Reflectors {
 public:
  // `options.selection.space` is set to each of `spaces`; none: all namespaces. `hooks.synced` is called when a list is complete and all
  // others have been before.
  Reflectors(Api& api, Scheduler& scheduler, ReflectorOptions options, const std::vector<std::string>& spaces, Reflector::Hooks hooks);
  Reflectors(const Reflectors&) = delete;
  Reflectors& operator=(const Reflectors&) = delete;

  const boost::json::object* find(const ObjectName& name) const;
  std::vector<ObjectName> names() const;
  bool is_synced() const;
  const std::optional<Error>& trouble() const;  // why one of them is stale now

 private:
  const Reflector::Hooks hooks_;
  std::vector<std::unique_ptr<Reflector>> parts_;
};

}  // namespace shardkeeper::platform::kube
