// The demo's proof that the cluster serves: one key written to and read from every shard.
#pragma once

#include "common/error/result.h"
#include "common/types/slot_set.h"
#include "common/valkey/connection.h"

#include "shardkeeper/admin/v1/admin.pb.h"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace shardkeeper::coordinator {

// Talks to each primary like any client: default user, TCP. THREAD the loop's thread. `done` is called once, with a sentence for people.
class DemoKeys {
 public:
  using Done = std::function<void(Result<std::string>)>;
  DemoKeys(boost::asio::io_context& loop, const admin::v1::ClusterStatus& cluster, Done done);

 private:
  struct Shard {
    int number = 0;
    SlotSet slots;
    std::string where;
    std::unique_ptr<valkey::Connection> client;
  };

  void find_key(std::size_t shard, int candidate);
  void write(std::size_t shard, const std::string& key);
  void read(std::size_t shard, const std::string& key);
  void finish(Result<std::string> outcome);

  std::vector<Shard> shards_;
  std::size_t proven_ = 0;
  Done done_;
};

}  // namespace shardkeeper::coordinator
