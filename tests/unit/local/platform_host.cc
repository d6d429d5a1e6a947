// A coordinator that does nothing but hold a platform: tests kill it and start it again. It makes as many pods as it is told and prints
// "ready" once it has; then it lives until it is ended.
//   platform_host STATE_FOLDER PROGRAM PODS
#include "common/net/asio_scheduler.h"
#include "coordinator/platform/local/local_platform.h"

#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  using namespace shardkeeper;
  if (argc != 4) return 2;
  boost::asio::io_context loop;
  AsioScheduler scheduler(loop);
  platform::local::LocalOptions options{
      argv[1], argv[2], argv[2], {{"8.0.1", "/bin/true"}}, {{WorkerName("w1"), ""}, {WorkerName("w2"), ""}}};
  auto platform = platform::local::LocalPlatform::open(loop, scheduler, std::move(options));
  if (!platform) {
    std::fprintf(stderr, "%s\n", to_string(platform.error()).c_str());
    return 1;
  }
  const model::ClusterObject cluster{.name = ClusterName("cache"), .spec = {.image = "localhost/valkey:8.0.1"}};
  for (int i = 0; i < std::atoi(argv[3]); ++i) {
    (*platform)->create(cluster, {.name = PodName("cache-aaaa" + std::to_string(i)), .shard = ShardId{i}}, [](const Result<void>& created) {
      if (!created) std::fprintf(stderr, "%s\n", to_string(created.error()).c_str());
    });
  }
  scheduler.post([] {
    std::puts("ready");
    std::fflush(stdout);
  });
  loop.run();
}
