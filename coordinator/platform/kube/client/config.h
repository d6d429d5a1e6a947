// Where the API server is and who we are: a kubeconfig file, or what Kubernetes puts into every pod.
#pragma once

#include "common/error/result.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace shardkeeper::platform::kube {

struct Config {
  bool is_tls = true;  // http:// is for tests and proxies on loopback only
  std::string host;    // name or address, without brackets
  std::uint16_t port = 443;
  std::string base_path;    // before /api: "" or "/k8s/clusters/c-1"
  std::string server_name;  // what the certificate must say; the host unless tls-server-name is given
  std::string ca_pem;       // "": the system's trust store
  std::string certificate_pem;
  std::string key_pem;
  std::string token;
  std::filesystem::path token_file;  // read anew when it changes; wins over `token`
  std::string default_space;         // the context's namespace, or the pod's; "" where none is said
  std::string source;                // for messages: the file, or "in-cluster"

  bool operator==(const Config&) const = default;
};

inline constexpr std::size_t kKubeconfigBytesMax = 1 << 20;

// Reads files that a kubeconfig names; paths are relative to its folder. ERRORS as in common: kNotFound, kUnavailable.
using ReadFile = std::function<Result<std::string>(const std::filesystem::path&)>;

// ERRORS kInvalid: file, line, field, reason. insecure-skip-tls-verify, exec and auth-provider plugins, user names with passwords and
// http:// to other hosts than loopback are refused with the reason.
Result<Config> parse_kubeconfig(const std::filesystem::path& file, std::string_view text, const ReadFile& read,
                                std::string_view context = "");
// `context` "": the file's current-context. ERRORS kNotFound, kUnavailable, kInvalid.
Result<Config> read_kubeconfig(const std::filesystem::path& file, std::string_view context = "");

inline constexpr const char* kServiceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";
using ReadEnvironment = std::function<std::optional<std::string>(const char*)>;
// ERRORS kNotFound: not in a pod (KUBERNETES_SERVICE_HOST is not set); kInvalid, kUnavailable.
Result<Config> in_cluster_config(const ReadEnvironment& environment, const std::filesystem::path& folder = kServiceAccountFolder);

}  // namespace shardkeeper::platform::kube
