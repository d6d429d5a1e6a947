#include "coordinator/platform/kube/client/requests.h"

#include <boost/json.hpp>

#include <utility>
#include <vector>

namespace shardkeeper::platform::kube {
namespace {

using boost::json::object;

std::string root_of(const Resource& resource) {
  // The core group is older than groups and has a root of its own.
  return (resource.api.find('/') == std::string::npos ? "/api/" : "/apis/") + resource.api;
}

// "?a=b&c=d"; pairs without a value are left out.
std::string query(const std::vector<std::pair<std::string_view, std::string>>& pairs) {
  std::string text;
  for (const auto& [name, value] : pairs) {
    if (value.empty()) continue;
    text += text.empty() ? '?' : '&';
    text += name;
    text += '=';
    text += percent_encoded(value);
  }
  return text;
}

object completed(const Resource& resource, object whole) {
  whole.emplace("apiVersion", resource.api);
  whole.emplace("kind", resource.kind);
  return whole;
}

object named(object whole, const ObjectName& name) {
  auto& metadata = whole["metadata"];
  if (!metadata.is_object()) metadata.emplace_object();
  metadata.as_object().emplace("name", name.name);
  if (!name.space.empty()) metadata.as_object().emplace("namespace", name.space);
  return whole;
}

object delete_options(const Preconditions& only_if, std::chrono::seconds grace) {
  object options{{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"gracePeriodSeconds", grace.count()}};
  object conditions;
  if (!only_if.uid.empty()) conditions["uid"] = only_if.uid;
  if (!only_if.resource_version.empty()) conditions["resourceVersion"] = only_if.resource_version;
  if (!conditions.empty()) options["preconditions"] = std::move(conditions);
  return options;
}

Request with_body(Method method, std::string path, object body, std::string content_type = "application/json") {
  return {.method = method, .path = std::move(path), .body = std::move(body), .content_type = std::move(content_type)};
}

}  // namespace

const char* to_string(Method method) {
  switch (method) {
    case Method::kGet: return "GET";
    case Method::kPost: return "POST";
    case Method::kPut: return "PUT";
    case Method::kPatch: return "PATCH";
    case Method::kDelete: return "DELETE";
  }
  return "?";
}

std::string to_string(const ObjectName& name) { return name.space.empty() ? name.name : name.space + "/" + name.name; }

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
  }
  return encoded;
}

std::string collection_path(const Resource& resource, std::string_view space) {
  const bool is_inside = resource.is_namespaced && !space.empty();
  return root_of(resource) + (is_inside ? "/namespaces/" + percent_encoded(space) : "") + "/" + resource.plural;
}

std::string path_of(const Resource& resource, const ObjectName& name, std::string_view subresource) {
  std::string path = collection_path(resource, name.space) + "/" + percent_encoded(name.name);
  if (!subresource.empty()) path.append("/").append(subresource);
  return path;
}

Request get_request(const Resource& resource, const ObjectName& name) { return {.path = path_of(resource, name)}; }

Request list_request(const Resource& resource, const Selection& selection, int limit, std::string_view continue_token) {
  return {.path = collection_path(resource, selection.space) + query({{"labelSelector", selection.label_selector},
                                                                      {"fieldSelector", selection.field_selector},
                                                                      {"limit", limit > 0 ? std::to_string(limit) : ""},
                                                                      {"continue", std::string(continue_token)}})};
}

WatchRequest watch_request(const Resource& resource, const Selection& selection, std::string_view resource_version,
                           std::chrono::seconds server_timeout) {
  // The server must end the watch by itself; one that does not, and says nothing either, is given up 15 s later.
  constexpr std::chrono::seconds kMargin{15};
  return {.path = collection_path(resource, selection.space) + query({{"watch", "true"},
                                                                      {"allowWatchBookmarks", "true"},
                                                                      {"labelSelector", selection.label_selector},
                                                                      {"fieldSelector", selection.field_selector},
                                                                      {"resourceVersion", std::string(resource_version)},
                                                                      {"timeoutSeconds", std::to_string(server_timeout.count())}}),
          .silence_max = server_timeout + kMargin};
}

Request create_request(const Resource& resource, const std::string& space, object whole) {
  return with_body(Method::kPost, collection_path(resource, space), completed(resource, std::move(whole)));
}

Request replace_request(const Resource& resource, const ObjectName& name, object whole) {
  return with_body(Method::kPut, path_of(resource, name), named(completed(resource, std::move(whole)), name));
}

Request apply_request(const Resource& resource, const ObjectName& name, object wanted, const FieldManager& manager,
                      std::string_view subresource) {
  // JSON is YAML, so the body needs no other writer.
  return with_body(Method::kPatch, path_of(resource, name, subresource) + query({{"fieldManager", manager.name}, {"force", "true"}}),
                   named(completed(resource, std::move(wanted)), name), "application/apply-patch+yaml");
}

Request merge_patch_request(const Resource& resource, const ObjectName& name, object patch, std::string_view subresource) {
  return with_body(Method::kPatch, path_of(resource, name, subresource), std::move(patch), "application/merge-patch+json");
}

Request strategic_patch_request(const Resource& resource, const ObjectName& name, object patch, std::string_view subresource) {
  return with_body(Method::kPatch, path_of(resource, name, subresource), std::move(patch), "application/strategic-merge-patch+json");
}

Request delete_request(const Resource& resource, const ObjectName& name, const Preconditions& only_if, std::chrono::seconds grace) {
  return with_body(Method::kDelete, path_of(resource, name), delete_options(only_if, grace));
}

Request evict_request(const std::string& policy_api, const ObjectName& pod, const Preconditions& only_if, std::chrono::seconds grace) {
  object eviction{{"apiVersion", policy_api}, {"kind", "Eviction"}, {"deleteOptions", delete_options(only_if, grace)}};
  return with_body(Method::kPost, path_of(resources::kPods, pod, "eviction"), named(std::move(eviction), pod));
}

}  // namespace shardkeeper::platform::kube
