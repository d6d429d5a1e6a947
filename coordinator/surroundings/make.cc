#include "coordinator/surroundings/make.h"

#include "common/log/log.h"
#include "coordinator/platform/kube/client/config.h"
#include "coordinator/platform/kube/client/http_api.h"
#include "coordinator/platform/kube/client/kube_lease.h"
#include "coordinator/surroundings/kube_surroundings.h"
#include "coordinator/surroundings/local_surroundings.h"

#include <unistd.h>

#include <cstdlib>
#include <random>
#include <string>

namespace shardkeeper::coordinator {
namespace {

namespace kube = platform::kube;

std::optional<std::string> environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// Differs for every start of a process: an agent must never take two processes for one.
std::string holder_name() {
  return environment("POD_NAME").value_or("pid-" + std::to_string(getpid())) + "_" + std::to_string(fresh_seed());
}

Result<std::unique_ptr<Surroundings>> make_kube(boost::asio::io_context& loop, Scheduler& scheduler, const KubeOptions& options) {
  auto config = options.kubeconfig.empty() ? kube::in_cluster_config(environment) : kube::read_kubeconfig(options.kubeconfig);
  if (!config && options.kubeconfig.empty() && config.error().kind == ErrorKind::kNotFound)
    return Error{config.error().kind, config.error().where, config.error().detail + "; outside of a pod give --kubeconfig"};
  if (!config) return config.error();
  const std::string own_space = config->default_space.empty() ? "default" : config->default_space;
  const kube::ObjectName lease_name{options.lease_space.empty() ? own_space : options.lease_space, options.lease_name};
  log::info("API server", {{"host", config->host}, {"from", config->source}, {"lease", to_string(lease_name)}});
  auto api = kube::HttpApi::open(loop, scheduler, std::move(*config), kube::HttpApiOptions{.seed = fresh_seed()});
  if (!api) return api.error();
  const auto holder = holder_name();
  auto lease = std::make_unique<kube::KubeLease>(**api, scheduler, lease_name, holder);
  return std::unique_ptr<Surroundings>(std::make_unique<KubeSurroundings>(
      KubeSurroundings::Ports{scheduler, std::move(*api), std::move(lease)},
      kube::KubePlatformOptions{.spaces = options.spaces, .helper_image = options.helper_image, .seed = fresh_seed()}, holder));
}

}  // namespace

std::uint64_t fresh_seed() {
  // tidy: the one place where chance enters; everything below gets the seed.
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32U | device();
}

Result<std::unique_ptr<Surroundings>> make_surroundings(boost::asio::io_context& loop, Scheduler& scheduler, const Options& options) {
  if (options.platform == PlatformKind::kKubernetes) return make_kube(loop, scheduler, options.kube);
  return std::unique_ptr<Surroundings>(std::make_unique<LocalSurroundings>(loop, scheduler, options, holder_name()));
}

}  // namespace shardkeeper::coordinator
