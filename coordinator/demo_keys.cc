#include "coordinator/demo_keys.h"

namespace shardkeeper::coordinator {
namespace {

constexpr int kCandidatesMax = 2000;  // the chance that none of them falls into a third of the slots is nil

}  // namespace

DemoKeys::DemoKeys(boost::asio::io_context& loop, const admin::v1::ClusterStatus& cluster, Done done) : done_(std::move(done)) {
  for (const auto& status : cluster.shards()) {
    if (status.pods_size() == 0) continue;
    Shard shard;
    shard.number = status.shard();
    shard.slots = SlotSet::parse(status.slot_ranges()).value();
    shard.where = status.pods(0).address();
    const auto colon = shard.where.rfind(':');
    valkey::ConnectionOptions options;
    options.address =
        valkey::TcpAddress{shard.where.substr(0, colon), static_cast<std::uint16_t>(std::stoi(shard.where.substr(colon + 1)))};
    shard.client = std::make_unique<valkey::Connection>(loop, std::move(options));
    shards_.push_back(std::move(shard));
  }
  for (std::size_t i = 0; i < shards_.size(); ++i)
    shards_[i].client->on_connection([this, i](bool connected) {
      if (connected) find_key(i, 0);
    });
}

// The server knows best which slot a key belongs to.
void DemoKeys::find_key(std::size_t shard, int candidate) {
  if (candidate == kCandidatesMax) {
    finish(invalid("shard " + std::to_string(shards_[shard].number), "no key found for its slots"));
    return;
  }
  const std::string key = "demo:" + std::to_string(candidate);
  shards_[shard].client->call({"CLUSTER", "KEYSLOT", key}, [this, shard, candidate, key](Result<valkey::Reply> reply) {
    if (!reply) return finish(reply.error());
    if (shards_[shard].slots.contains(static_cast<int>(reply->integer))) return write(shard, key);
    find_key(shard, candidate + 1);
  });
}

void DemoKeys::write(std::size_t shard, const std::string& key) {
  shards_[shard].client->call({"SET", key, "hello"}, [this, shard, key](Result<valkey::Reply> reply) {
    if (!reply) return finish(reply.error());
    if (reply->is_error()) return finish(refused(shards_[shard].where, "SET " + key + ": " + reply->text));
    read(shard, key);
  });
}

void DemoKeys::read(std::size_t shard, const std::string& key) {
  shards_[shard].client->call({"GET", key}, [this, shard, key](Result<valkey::Reply> reply) {
    if (!reply) return finish(reply.error());
    if (reply->text != "hello") return finish(refused(shards_[shard].where, "GET " + key + " answered \"" + reply->text + "\""));
    if (++proven_ == shards_.size()) finish("wrote and read a key on each of " + std::to_string(proven_) + " shards");
  });
}

void DemoKeys::finish(Result<std::string> outcome) {
  if (!done_) return;
  const auto done = std::exchange(done_, nullptr);
  done(std::move(outcome));
}

}  // namespace shardkeeper::coordinator
