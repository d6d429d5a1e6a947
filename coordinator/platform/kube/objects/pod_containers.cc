#include "coordinator/platform/kube/objects/pod_containers.h"

#include "coordinator/model/memory.h"
#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/names.h"
#include "coordinator/platform/kube/objects/secrets.h"

#include <boost/json/array.hpp>

namespace shardkeeper::platform::kube {
namespace {

using boost::json::array;
using boost::json::object;

constexpr const char* kAgentProgram = "shardkeeper-agent";

// Pod Security "restricted", and nothing may be written but on the volumes.
object security() {
  return {{"allowPrivilegeEscalation", false}, {"readOnlyRootFilesystem", true}, {"capabilities", object{{"drop", array{"ALL"}}}}};
}

// Measured: 16 MiB with a few peers. Limits are there for namespaces whose quota asks for them.
object helper_resources() { return {{"requests", object{{"cpu", "10m"}, {"memory", "32Mi"}}}, {"limits", object{{"memory", "128Mi"}}}}; }

object mount(const char* volume, const char* path) { return {{"name", volume}, {"mountPath", path}}; }

object read_only_mount(const char* volume, const char* path) {
  object made = mount(volume, path);
  made["readOnly"] = true;
  return made;
}

object from_field(const char* name, const char* field) {
  return {{"name", name}, {"valueFrom", object{{"fieldRef", object{{"fieldPath", field}}}}}};
}

object from_secret(const char* name, const std::string& secret, const char* key) {
  return {{"name", name}, {"valueFrom", object{{"secretKeyRef", object{{"name", secret}, {"key", key}}}}}};
}

object http_probe(const char* path, int period_seconds, int failures) {
  return {{"httpGet", object{{"path", path}, {"port", "http"}}},
          {"periodSeconds", period_seconds},
          {"timeoutSeconds", 1},
          {"failureThreshold", failures}};
}

object helper(const PodPlan& plan, const char* name, array arguments) {
  return {{"name", name},
          {"image", plan.helper_image},
          {"imagePullPolicy", "IfNotPresent"},
          {"command", array{kAgentProgram}},
          {"args", std::move(arguments)},
          {"resources", helper_resources()},
          {"securityContext", security()},
          {"terminationMessagePolicy", "FallbackToLogsOnError"}};
}

// The server's word for spec.tls.clientCertificates.
const char* tls_clients(const object& tls) {
  const auto wanted = json::text_at(tls, {"clientCertificates"});
  return wanted == "Optional" ? "optional" : wanted == "None" ? "no" : "yes";
}

}  // namespace

const object* server_tls(const PodPlan& plan) { return json::object_at(plan.cluster.spec, {"tls"}); }
const object* users_secret(const PodPlan& plan) { return json::object_at(plan.cluster.spec, {"usersSecret"}); }

object prepare_container(const PodPlan& plan) {
  const auto& cluster = plan.cluster.object;
  array arguments{"prepare",
                  "--volume",
                  kVolumePath,
                  "--pod",
                  plan.request.name.value,
                  "--cluster-uid",
                  cluster.uid,
                  "--node-timeout-ms",
                  std::to_string(cluster.spec.node_timeout.count()),
                  "--min-replicas",
                  std::to_string(cluster.spec.min_replicas_to_write)};
  if (const auto maxmemory = model::maxmemory_bytes(cluster.spec)) {
    arguments.emplace_back("--maxmemory");
    arguments.emplace_back(std::to_string(*maxmemory));
  }
  for (const auto& [name, value] : cluster.spec.config) {
    arguments.emplace_back("--set");
    arguments.emplace_back(name + "=" + value);
  }
  if (users_secret(plan) != nullptr) {
    arguments.emplace_back("--users");
    arguments.emplace_back(std::string(kUsersPath) + "/" + kUsersFile);
  }
  if (const auto* tls = server_tls(plan))
    for (const char* const argument : {"--tls", kServerTlsPath, "--tls-clients", tls_clients(*tls)}) arguments.emplace_back(argument);
  object container = helper(plan, kPrepare, std::move(arguments));
  container["env"] = array{from_field("SHARDKEEPER_POD_IP", "status.podIP"),
                           from_secret("SHARDKEEPER_REPLICATION_PASSWORD", agents_secret_name(cluster.name), kReplicationPasswordKey)};
  container["volumeMounts"] = array{mount(kDataVolume, kVolumePath)};
  return container;
}

object agent_container(const PodPlan& plan) {
  array arguments{
      "run",        "--volume",    kVolumePath,    "--pod", plan.request.name.value, "--cluster", plan.cluster.object.name.value,
      "--identity", kIdentityPath, "--log-format", "json"};
  if (plan.agent == AgentIs::kOrdinaryContainer) arguments.emplace_back("--stay-until-server-ends");
  object container = helper(plan, kAgent, std::move(arguments));
  if (plan.agent == AgentIs::kNativeSidecar) container["restartPolicy"] = "Always";
  container["ports"] = array{object{{"name", "agent"}, {"containerPort", kAgentRpcPort}, {"protocol", "TCP"}},
                             object{{"name", "http"}, {"containerPort", kAgentHttpPort}, {"protocol", "TCP"}}};
  // The pod's readiness. Every second: it is one small answer from memory, and a pod that is new or not ready any more shows at once.
  container["readinessProbe"] = http_probe("/readyz", 1, 2);
  container["livenessProbe"] = http_probe("/livez", 10, 3);
  array mounts{mount(kDataVolume, kVolumePath), read_only_mount(kIdentityVolume, kIdentityPath)};
  if (users_secret(plan) != nullptr) mounts.push_back(read_only_mount(kUsersVolume, kUsersPath));
  if (server_tls(plan) != nullptr) mounts.push_back(read_only_mount(kServerTlsVolume, kServerTlsPath));
  container["volumeMounts"] = std::move(mounts);
  return container;
}

object valkey_container(const PodPlan& plan) {
  const std::string launch = std::string(kVolumePath) + "/launch";
  object container{{"name", kValkey}, {"image", plan.cluster.object.spec.image}, {"imagePullPolicy", "IfNotPresent"}};
  container["command"] = array{launch, kVolumePath, "valkey-server"};
  container["workingDir"] = kVolumePath;
  container["ports"] = array{object{{"name", "valkey"}, {"containerPort", kServerPort}, {"protocol", "TCP"}}};
  if (const auto* resources = json::object_at(plan.cluster.spec, {"resources"})) container["resources"] = *resources;
  container["lifecycle"] =
      object{{"preStop", object{{"exec", object{{"command", array{launch, "stop", kVolumePath, std::to_string(kGraceSeconds)}}}}}}};
  array mounts{mount(kDataVolume, kVolumePath)};
  if (server_tls(plan) != nullptr) mounts.push_back(read_only_mount(kServerTlsVolume, kServerTlsPath));
  container["volumeMounts"] = std::move(mounts);
  container["securityContext"] = security();
  container["terminationMessagePolicy"] = "FallbackToLogsOnError";
  return container;
}

}  // namespace shardkeeper::platform::kube
