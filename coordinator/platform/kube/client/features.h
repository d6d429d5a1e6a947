// What this API server can do: discovered, never assumed from a version where it can be asked.
#pragma once

#include "coordinator/platform/kube/client/api.h"
#include "coordinator/platform/kube/client/requests.h"

#include <functional>
#include <string>
#include <string_view>

namespace shardkeeper::platform::kube {

struct KubeVersion {
  int major = 0;
  int minor = 0;

  auto operator<=>(const KubeVersion&) const = default;
};
std::string to_string(KubeVersion version);
// "v1.20.2", "v1.29.3-gke.5", "1.36". ERRORS kInvalid.
Result<KubeVersion> parse_version(std::string_view text);

struct Features {
  KubeVersion server;
  std::string server_text;                 // v1.20.2
  std::string budget_api = "policy/v1";    // of PodDisruptionBudgets: policy/v1, or policy/v1beta1 before 1.21
  std::string eviction_api = "policy/v1";  // of the Eviction that is posted to a pod: policy/v1, or policy/v1beta1 before 1.22
  bool has_cel_rules = false;              // x-kubernetes-validations are kept (1.25)

  Resource budgets() const { return {budget_api, "PodDisruptionBudget", "poddisruptionbudgets"}; }
  bool operator==(const Features&) const = default;
};

// A sidecar is an init container with restartPolicy Always. The server must keep the field and every kubelet that may run the pod
// must honour it: an older kubelet would wait for the "init container" to end, for ever.
bool has_native_sidecars(KubeVersion server, KubeVersion oldest_kubelet);

// ERRORS of Api::call; kInvalid: the server's answers make no sense, or it is older than 1.20.
void discover(Api& api, std::function<void(Result<Features>)> done);
// Whether the server serves this resource now (a CRD may be missing or not established yet).
void discover_resource(Api& api, const Resource& resource, std::function<void(Result<bool>)> done);

}  // namespace shardkeeper::platform::kube
