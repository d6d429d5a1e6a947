#include "coordinator/platform/kube/client/config.h"
#include "coordinator/platform/kube/client/read_file.h"
#include "coordinator/platform/kube/client/server_url.h"

namespace shardkeeper::platform::kube {
namespace {

constexpr std::size_t kFileBytesMax = 256 * 1024;

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

Result<Config> in_cluster_config(const ReadEnvironment& environment, const std::filesystem::path& folder) {
  const auto host = environment("KUBERNETES_SERVICE_HOST");
  if (!host || host->empty())
    return not_found("in-cluster", "KUBERNETES_SERVICE_HOST is not set, so this is no pod; give a kubeconfig file");
  const bool is_v6 = host->find(':') != std::string::npos;
  const auto url =
      parse_server_url("https://" + (is_v6 ? "[" + *host + "]" : *host) + ":" + environment("KUBERNETES_SERVICE_PORT").value_or("443"));
  if (!url) return invalid("in-cluster", "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT: " + url.error().detail);
  Config config{.host = url->host, .port = url->port, .server_name = url->host, .source = "in-cluster"};
  const auto ca = read_file(folder / "ca.crt", kFileBytesMax);
  if (!ca) return Error{ca.error().kind, "in-cluster", ca.error().detail + "; does the pod mount its service account's token?"};
  config.ca_pem = *ca;
  config.token_file = folder / "token";
  if (const auto token = read_file(config.token_file, kFileBytesMax); !token)
    return Error{token.error().kind, "in-cluster", token.error().detail + "; does the pod mount its service account's token?"};
  if (const auto space = read_file(folder / "namespace", kFileBytesMax)) config.default_space = without_line_end(*space);
  return config;
}

}  // namespace shardkeeper::platform::kube
