// The production Api: HTTP/1.1 with TLS on the loop.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/platform/kube/client/api.h"
#include "coordinator/platform/kube/client/config.h"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace shardkeeper::platform::kube {

struct HttpApiOptions {
  std::uint64_t seed = 0;                         // of the jitter of retries
  int connections_max = 4;                        // for calls; each watch has one more of its own
  int queued_max = 4096;                          // calls that wait for a connection; more fail with kUnavailable
  std::size_t response_bytes_max = 32ULL << 20U;  // of one reply; a list's page of 200 pods is about 2 MiB
  std::size_t event_bytes_max = 8ULL << 20U;      // of one watch event; objects are at most 1.5 MB by etcd's default
  std::size_t header_bytes_max = 16ULL << 10U;
  std::chrono::milliseconds connect_max{5'000};  // TCP and TLS
  std::chrono::seconds idle_max{60};             // an unused connection is closed
};

// THREAD the loop's. Destroying it closes every connection; calls under way are then never answered.
class HttpApi final : public Api {
 public:
  // ERRORS kInvalid: certificates or keys in `config` that are none. Connects when it is first used.
  static Result<std::unique_ptr<HttpApi>> open(boost::asio::io_context& loop, Scheduler& scheduler, Config config, HttpApiOptions options);
  ~HttpApi() override;

  void call(Request request, Done done) override;
  std::unique_ptr<Watch> watch(WatchRequest request, WatchHooks hooks) override;

 private:
  class Impl;
  explicit HttpApi(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with what is under way
};

}  // namespace shardkeeper::platform::kube
