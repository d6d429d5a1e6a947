// Writes the status of ValkeyClusters: only what changed, and no more than once a second each.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/platform/kube/client/api.h"
#include "coordinator/platform/kube/client/requests.h"

#include <boost/json/object.hpp>

#include <map>
#include <memory>
#include <optional>

namespace shardkeeper::coordinator {

// THREAD the loop's. REQUIRES api and scheduler outlive it.
class StatusWriter {
 public:
  static constexpr Duration kInterval = std::chrono::seconds(1);

  StatusWriter(platform::kube::Api& api, Scheduler& scheduler, platform::kube::Resource resource)
      : api_(api), scheduler_(scheduler), resource_(std::move(resource)) {}
  ~StatusWriter() { *alive_ = false; }
  StatusWriter(const StatusWriter&) = delete;
  StatusWriter& operator=(const StatusWriter&) = delete;

  // What the object's status says, as it was first seen: a successor of a coordinator writes nothing that stands there already.
  void saw(const platform::kube::ObjectName& name, const boost::json::object& status);
  // `status` without times (kube_status.h).
  void want(const platform::kube::ObjectName& name, boost::json::object status);
  void forget(const platform::kube::ObjectName& name) { entries_.erase(name); }

 private:
  struct Entry {
    std::optional<boost::json::object> there;  // as last written, or first seen
    boost::json::object wanted;
    bool is_writing = false;
    std::unique_ptr<Timer> rest;  // set while it must wait
  };

  void look(const platform::kube::ObjectName& name, Entry& entry);
  void rest(const platform::kube::ObjectName& name, Entry& entry, Duration duration);

  platform::kube::Api& api_;
  Scheduler& scheduler_;
  const platform::kube::Resource resource_;
  std::map<platform::kube::ObjectName, Entry> entries_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with callbacks of calls under way
};

}  // namespace shardkeeper::coordinator
