// The ValkeyCluster objects of the API server: which are to be run, as what, and what is wrong with the others. Pure.
#pragma once

#include "coordinator/platform/kube/client/requests.h"
#include "coordinator/platform/kube/objects/cluster_reader.h"

#include <boost/json/object.hpp>

#include <map>
#include <string>

namespace shardkeeper::coordinator {

struct SeenObject {
  platform::kube::KubeCluster good;  // the last good one; without a spec (`is_good` false) there never was one
  bool is_good = false;
  std::string rejected_because;  // what is wrong with what the object says now; "": nothing
  std::int64_t generation = 0;   // of what the object says now
};

class KubeObjects {
 public:
  using Objects = std::map<platform::kube::ObjectName, SeenObject>;

  // One that is being deleted counts as gone: what it owns is being deleted, and must not be made again.
  // RETURNS whether there is anything new: a status that was written is not.
  bool saw(const platform::kube::ObjectName& name, const boost::json::object& object);
  bool gone(const platform::kube::ObjectName& name);

  const Objects& all() const { return objects_; }
  // Where the cluster of that name is run from. Names must differ across namespaces: the first one seen keeps the name.
  const SeenObject* running(const ClusterName& cluster) const;

 private:
  void take_free_names();

  Objects objects_;
  std::map<ClusterName, platform::kube::ObjectName> names_;
};

}  // namespace shardkeeper::coordinator
