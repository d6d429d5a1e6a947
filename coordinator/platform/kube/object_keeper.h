// Keeps the objects of one kind equal to what is wanted: made where missing, put back where changed or deleted by hand, deleted where
// they are an owner's and not wanted any more. Writes nothing at rest.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/platform/kube/client/api.h"
#include "coordinator/platform/kube/client/requests.h"
#include "coordinator/platform/kube/reflectors.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::platform::kube {

// THREAD the loop's. REQUIRES api and scheduler outlive it.
class ObjectKeeper {
 public:
  struct Options {
    Resource resource;
    std::vector<std::string> spaces;  // none: all namespaces
    std::string label_selector;       // of our objects
    std::uint64_t seed = 0;
  };
  struct Hooks {
    std::function<void()> synced;                                   // found() holds from now on
    std::function<void(const ObjectName&)> settled;                 // the object is as wanted now
    std::function<void(const ObjectName&, const Error&)> troubled;  // could not be written; tried again by itself
    std::function<void(const Error&)> watch_troubled;               // once for each different trouble
  };

  ObjectKeeper(Api& api, Scheduler& scheduler, Options options, Hooks hooks);
  ~ObjectKeeper();
  ObjectKeeper(const ObjectKeeper&) = delete;
  ObjectKeeper& operator=(const ObjectKeeper&) = delete;

  // All objects that this owner (a uid) shall have; each carries its metadata and the owner reference. Replaces what was wanted before.
  void want(const std::string& owner_uid, std::vector<boost::json::object> objects);
  // The owner is gone, and the API server's garbage collection does the rest.
  void forget(const std::string& owner_uid);

  bool is_synced() const;
  const boost::json::object* find(const ObjectName& name) const;
  bool is_settled(const ObjectName& name) const;
  const std::optional<Error>& watch_trouble() const;  // now

 private:
  struct Wanted {
    std::string owner_uid;
    boost::json::object object;
    bool is_writing = false;
    bool is_settled = false;
    int failures = 0;
    std::uint64_t written_version = 0;  // of our last write: older states that still arrive do not count
    std::unique_ptr<Timer> retry;
  };

  void look_at_all();
  void look(const ObjectName& name);
  void write(const ObjectName& name, Wanted& wanted);
  void wrote(const ObjectName& name, const boost::json::object& sent, const Result<boost::json::value>& reply);
  void remove_unwanted(const ObjectName& name, const boost::json::object& live);
  bool is_stale(const Wanted& wanted, const boost::json::object& live) const;

  Api& api_;
  Scheduler& scheduler_;
  const Options options_;
  const Hooks hooks_;
  std::map<ObjectName, Wanted> wanted_;
  std::map<std::string, int> owners_;                           // those that want something, with the number of objects
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with callbacks of calls under way
  std::unique_ptr<Reflectors> reflector_;
};

}  // namespace shardkeeper::platform::kube
