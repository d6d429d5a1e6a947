#include "coordinator/platform/kube/objects/secrets.h"

#include "coordinator/platform/kube/client/base64.h"
#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/names.h"
#include "coordinator/platform/kube/objects/owner.h"

#include <boost/json/array.hpp>

namespace shardkeeper::platform::kube {
namespace {

using boost::json::array;
using boost::json::object;

constexpr const char* kCaKey = "ca.key";
constexpr std::string_view kCertificateEnd = ".crt";
constexpr std::string_view kKeyEnd = ".key";

std::string certificate_key(const PodName& pod) { return pod.value + std::string(kCertificateEnd); }
std::string private_key(const PodName& pod) { return pod.value + std::string(kKeyEnd); }

object secret(const model::ClusterObject& cluster, const std::string& name, object data) {
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", metadata_of(cluster, name, "identity")},
          {"type", "Opaque"},
          {"data", std::move(data)}};
}

}  // namespace

std::optional<std::string> secret_value(const object& secret, std::string_view key) {
  const auto* encoded = json::find(secret, {"data", key});
  if (encoded == nullptr || !encoded->is_string()) return std::nullopt;
  return from_base64(encoded->as_string());
}

object authority_secret(const model::ClusterObject& cluster, const ClusterKeys& keys) {
  return secret(cluster, authority_secret_name(cluster.name),
                {{tls::kCaFile, to_base64(keys.authority.certificate_pem())},
                 {kCaKey, to_base64(keys.authority.key_pem())},
                 {kReplicationPasswordKey, to_base64(keys.replication_password)}});
}

Result<ClusterKeys> read_authority_secret(const ClusterName& cluster, const object& secret) {
  const std::string where = "Secret " + authority_secret_name(cluster);
  const auto certificate = secret_value(secret, tls::kCaFile);
  const auto key = secret_value(secret, kCaKey);
  const auto password = secret_value(secret, kReplicationPasswordKey);
  if (!certificate || !key || !password || password->empty())
    return invalid(where, std::string("has no ") +
                              (!certificate ? tls::kCaFile
                               : !key       ? kCaKey
                                            : kReplicationPasswordKey) +
                              "; delete it to have new keys made");
  auto authority = tls::Authority::parse(cluster, *certificate, *key);
  if (!authority) return invalid(where, to_string(authority.error()) + "; delete it to have new keys made");
  return ClusterKeys{std::move(*authority), *password};
}

object agents_secret(const model::ClusterObject& cluster, const ClusterKeys& keys, const AgentIdentities& identities) {
  object data{{tls::kCaFile, to_base64(keys.authority.certificate_pem())}, {kReplicationPasswordKey, to_base64(keys.replication_password)}};
  for (const auto& [pod, identity] : identities) {
    data[certificate_key(pod)] = to_base64(identity.certificate_pem);
    data[private_key(pod)] = to_base64(identity.key_pem);
  }
  return secret(cluster, agents_secret_name(cluster.name), std::move(data));
}

AgentIdentities read_agents_secret(const object& secret) {
  AgentIdentities identities;
  const auto ca = secret_value(secret, tls::kCaFile);
  const auto* data = json::object_at(secret, {"data"});
  if (!ca || data == nullptr) return identities;
  for (const auto& member : *data) {
    const std::string_view name = member.key();
    if (!name.ends_with(kCertificateEnd) || name == tls::kCaFile) continue;
    const PodName pod(std::string(name.substr(0, name.size() - kCertificateEnd.size())));
    const auto certificate = secret_value(secret, name);
    const auto key = secret_value(secret, private_key(pod));
    if (!certificate || !key) continue;
    tls::Identity identity{*ca, *certificate, *key};
    if (tls::check(identity)) identities.emplace(pod, std::move(identity));
  }
  return identities;
}

object identity_volume(const ClusterName& cluster, const PodName& pod) {
  const array items{object{{"key", tls::kCaFile}, {"path", tls::kCaFile}},
                    object{{"key", certificate_key(pod)}, {"path", tls::kCertificateFile}},
                    object{{"key", private_key(pod)}, {"path", tls::kKeyFile}}};
  constexpr int kOwnerMayRead = 0440;
  return {{"name", "identity"},
          {"secret", object{{"secretName", agents_secret_name(cluster)}, {"defaultMode", kOwnerMayRead}, {"items", items}}}};
}

}  // namespace shardkeeper::platform::kube
