// The objects of a reflector and what lists and watch events change in them. Pure.
#pragma once

#include "common/error/result.h"
#include "coordinator/platform/kube/client/api.h"
#include "coordinator/platform/kube/client/requests.h"

#include <boost/json/object.hpp>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace shardkeeper::platform::kube {

struct Change {
  enum class Type { kAdded, kModified, kDeleted };
  Type type = Type::kAdded;
  ObjectName name;
  // The new state; of a deleted object its last one, as the server told it, which nobody can read again (a kubelet's word that a
  // container ended may stand only there). Found missing in a list: the last state that was seen. Valid during the call.
  const boost::json::object& object;
};

class ObjectCache {
 public:
  // `dropped`: members of each object that are gone once `changed` has seen them; whoever reads them does so then.
  explicit ObjectCache(std::vector<std::string> dropped = {}) : dropped_(std::move(dropped)) {}

  using Objects = std::map<ObjectName, boost::json::object>;
  // RETURNS false to stop: whoever owns the cache is going away. It may not change the cache.
  using Changed = std::function<bool(const Change&)>;

  const Objects& objects() const { return objects_; }
  const boost::json::object* find(const ObjectName& name) const;

  // One page of a list in the making; nothing shows before complete_list. ERRORS kInvalid: not a list, or an item without name.
  Result<void> add_page(boost::json::value page);
  void drop_pages() { listed_.clear(); }
  // What was listed is the truth from now on. Each difference is one change, in the order of names.
  void complete_list(const Changed& changed);

  // ERRORS kInvalid: an object without name or resourceVersion. REQUIRES type is kAdded, kModified or kDeleted.
  Result<void> apply(WatchEvent event, const Changed& changed);

 private:
  static bool tell_listed(const ObjectName& name, const boost::json::object& object, const boost::json::object* before,
                          const Changed& changed);
  void slim(boost::json::object& object) const;

  const std::vector<std::string> dropped_;
  Objects objects_;
  Objects listed_;
};

// ERRORS kInvalid: it has no name.
Result<ObjectName> name_of(const boost::json::object& object);
std::string version_of(const boost::json::object& object);  // metadata.resourceVersion; "" when there is none

}  // namespace shardkeeper::platform::kube
