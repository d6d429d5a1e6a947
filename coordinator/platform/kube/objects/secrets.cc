#include "coordinator/platform/kube/objects/secrets.h"

#include "coordinator/platform/kube/client/base64.h"
#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/names.h"
#include "coordinator/platform/kube/objects/owner.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <charconv>

namespace shardkeeper::platform::kube {
namespace {

using boost::json::array;
using boost::json::object;

constexpr const char* kCaKey = "ca.key";
// Of clusters only whose authority was ever another one's work, so that Secrets of earlier versions stay as they are.
constexpr const char* kAlsoTrustedKey = "also-trusted.crt";
constexpr const char* kAdoptedKey = "adopted";
constexpr const char* kSinceKey = "since";  // unix seconds
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
  object data{{tls::kCaFile, to_base64(keys.authority.certificate_pem())},
              {kCaKey, to_base64(keys.authority.key_pem())},
              {kReplicationPasswordKey, to_base64(keys.replication_password)}};
  if (keys.since.time_since_epoch().count() != 0) {
    data[kAlsoTrustedKey] = to_base64(keys.also_trusted_pem);
    data[kSinceKey] = to_base64(std::to_string(keys.since.time_since_epoch().count()));
    data[kAdoptedKey] = to_base64(keys.is_adopted ? "true" : "false");
  }
  return secret(cluster, authority_secret_name(cluster.name), std::move(data));
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
  const bool is_adopted = secret_value(secret, kAdoptedKey) == "true";
  auto authority = is_adopted ? tls::Authority::adopt(cluster, *certificate, *key) : tls::Authority::parse(cluster, *certificate, *key);
  if (!authority) return invalid(where, to_string(authority.error()) + "; delete it to have new keys made");
  ClusterKeys keys{std::move(*authority), *password, is_adopted};
  keys.also_trusted_pem = secret_value(secret, kAlsoTrustedKey).value_or("");
  const auto since = secret_value(secret, kSinceKey).value_or("0");
  std::int64_t seconds = 0;
  std::from_chars(since.data(), since.data() + since.size(), seconds);
  keys.since = std::chrono::sys_seconds(std::chrono::seconds(std::max<std::int64_t>(seconds, is_adopted ? 1 : 0)));
  return keys;
}

Result<tls::Authority> read_adopted_authority(const ClusterName& cluster, const object& secret) {
  const auto certificate = secret_value(secret, tls::kCertificateFile);
  const auto key = secret_value(secret, tls::kKeyFile);
  if (!certificate || !key)
    return invalid(!certificate ? tls::kCertificateFile : tls::kKeyFile, "is not there; tls.crt and tls.key of an authority are needed");
  return tls::Authority::adopt(cluster, *certificate, *key);
}

object agents_secret(const model::ClusterObject& cluster, const ClusterKeys& keys, const AgentIdentities& identities) {
  object data{{tls::kCaFile, to_base64(keys.trusted_pem())}, {kReplicationPasswordKey, to_base64(keys.replication_password)}};
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
