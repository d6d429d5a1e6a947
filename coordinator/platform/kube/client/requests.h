// Requests for objects: paths, queries, patches and preconditions in one place. Pure.
#pragma once

#include "coordinator/platform/kube/client/api.h"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace shardkeeper::platform::kube {

// A kind of object as the API server serves it.
struct Resource {
  std::string api;  // v1, policy/v1beta1, shardkeeper.io/v1alpha1: what is called apiVersion in objects
  std::string kind;
  std::string plural;
  bool is_namespaced = true;

  bool operator==(const Resource&) const = default;
};

// An object's place. `space` is its namespace: "" for kinds without one, or for all namespaces in a list.
struct ObjectName {
  std::string space;
  std::string name;

  auto operator<=>(const ObjectName&) const = default;
};
std::string to_string(const ObjectName& name);  // "space/name" or "name"

struct Selection {
  std::string space;           // "": all namespaces
  std::string label_selector;  // a=b,c in (d,e)
  std::string field_selector;
};

namespace resources {
inline const Resource kPods{"v1", "Pod", "pods"};
inline const Resource kNodes{"v1", "Node", "nodes", false};
inline const Resource kServices{"v1", "Service", "services"};
inline const Resource kNetworkPolicies{"networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"};
inline const Resource kSecrets{"v1", "Secret", "secrets"};
inline const Resource kConfigMaps{"v1", "ConfigMap", "configmaps"};
inline const Resource kEvents{"events.k8s.io/v1", "Event", "events"};
inline const Resource kLeases{"coordination.k8s.io/v1", "Lease", "leases"};
}  // namespace resources

std::string percent_encoded(std::string_view text);
std::string path_of(const Resource& resource, const ObjectName& name, std::string_view subresource = "");
std::string collection_path(const Resource& resource, std::string_view space);

Request get_request(const Resource& resource, const ObjectName& name);
// One page; `continue_token` is the previous page's metadata.continue, "" for the first.
Request list_request(const Resource& resource, const Selection& selection, int limit, std::string_view continue_token);
WatchRequest watch_request(const Resource& resource, const Selection& selection, std::string_view resource_version,
                           std::chrono::seconds server_timeout);

// The object names itself in metadata. apiVersion and kind are filled in where they are missing.
Request create_request(const Resource& resource, const std::string& space, boost::json::object object);
// Replaces it whole; with metadata.resourceVersion only if it is still that version (kConflict otherwise).
Request replace_request(const Resource& resource, const ObjectName& name, boost::json::object object);

// Server-side apply: what `object` names is ours from now on, what we named earlier and no longer do is removed.
struct FieldManager {
  std::string name;
};
Request apply_request(const Resource& resource, const ObjectName& name, boost::json::object object, const FieldManager& manager,
                      std::string_view subresource = "");
Request merge_patch_request(const Resource& resource, const ObjectName& name, boost::json::object patch, std::string_view subresource = "");
// Lists with a merge key (conditions, containers) are merged. Built-in kinds only: custom resources know merge patches.
Request strategic_patch_request(const Resource& resource, const ObjectName& name, boost::json::object patch,
                                std::string_view subresource = "");

// Deleted only if it is still the object of that uid (kConflict otherwise; kNotFound: gone).
struct Preconditions {
  std::string uid;               // "": any
  std::string resource_version;  // "": any
};
Request delete_request(const Resource& resource, const ObjectName& name, const Preconditions& only_if, std::chrono::seconds grace);
// `policy_api` is Features::eviction_api.
Request evict_request(const std::string& policy_api, const ObjectName& pod, const Preconditions& only_if, std::chrono::seconds grace);

}  // namespace shardkeeper::platform::kube
