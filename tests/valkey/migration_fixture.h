// Two pods with real servers between which slots move, and what must be true afterwards. For each engine and pair of versions.
#pragma once

#include "tests/support/key_slot.h"
#include "tests/valkey/pod_pair.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace shardkeeper::test {

struct MigrationCase {
  std::string name;
  ValkeyLine source;
  ValkeyLine target;
  MigrationEngine engine;
  bool tls = false;
};

class Migration : public testing::TestWithParam<MigrationCase> {
 protected:
  void make_cluster(int replicas = 0) {
    pair_ = std::make_unique<PodPair>(world_, PodPairOptions{GetParam().source, GetParam().target, replicas, GetParam().tls});
  }

  AgentPod& source() { return pair_->source(); }
  AgentPod& target() { return pair_->target(); }
  bool until(const std::function<bool()>& condition, std::chrono::milliseconds deadline = std::chrono::seconds(30)) {
    return world_.run_until(condition, deadline);
  }

  MigrationJob job(const SlotSet& slots, const std::string& id = "m-1-1") { return pair_->job(slots, GetParam().engine, id); }
  MigrationProgress run(const MigrationJob& job) { return pair_->run(job); }
  MigrationProgress wait_for(const std::string& id) { return pair_->wait_for(id); }
  static SyncClient connect(AgentPod& pod) { return PodPair::connect(pod); }
  static std::string ask(SyncClient& client, const std::vector<std::string>& arguments) {
    const auto reply = client.call(arguments);
    return !reply ? to_string(reply.error()) : reply->kind == valkey::Reply::Kind::kInteger ? std::to_string(reply->integer) : reply->text;
  }
  // Strings of every slot, and one of each other kind.
  void fill(int strings) {
    auto client = connect(source());
    std::vector<std::vector<std::string>> calls;
    for (int i = 0; i < strings; ++i) calls.push_back({"SET", name(i), "value " + std::to_string(i)});
    calls.push_back({"HSET", of_kind("a hash"), "one", "1", "two", "2"});
    calls.push_back({"XADD", of_kind("a stream"), "1-1", "field", "value"});
    calls.push_back({"RPUSH", of_kind("a list"), "x", "y"});
    calls.push_back({"SET", of_kind("passing"), "soon gone", "EX", "1000"});
    const auto replies = client.pipeline(calls);
    ASSERT_TRUE(replies);
    for (const auto& reply : *replies) ASSERT_FALSE(reply.is_error()) << reply.text;
    keys_ = calls.size();
  }
  std::string name(int number) const { return "{" + tag_of_slot(number * 7 % slots_filled_) + "}" + std::to_string(number); }
  static std::string of_kind(const std::string& kind) { return "{" + tag_of_slot(3) + "}" + kind; }
  // Every key is at exactly one end, and is what it was.
  void expect_all(int strings) {
    auto at_source = connect(source());
    auto at_target = connect(target());
    EXPECT_EQ(std::stoi(ask(at_source, {"DBSIZE"})) + std::stoi(ask(at_target, {"DBSIZE"})), static_cast<int>(keys_));
    const auto owner_of = [&](const std::string& key) -> SyncClient& {
      return source().state().slots.contains(key_slot(key)) ? at_source : at_target;
    };
    for (int i = 0; i < strings; ++i) ASSERT_EQ(ask(owner_of(name(i)), {"GET", name(i)}), "value " + std::to_string(i)) << name(i);
    EXPECT_EQ(ask(owner_of(of_kind("a hash")), {"HGET", of_kind("a hash"), "two"}), "2");
    EXPECT_EQ(ask(owner_of(of_kind("a stream")), {"XLEN", of_kind("a stream")}), "1");
    EXPECT_EQ(ask(owner_of(of_kind("a list")), {"LLEN", of_kind("a list")}), "2");
    const int left_seconds = std::stoi(ask(owner_of(of_kind("passing")), {"TTL", of_kind("passing")}));
    EXPECT_GT(left_seconds, 900);
    EXPECT_LE(left_seconds, 1000);
  }
  bool until_views_agree(const SlotSet& moved) {
    return until([&] {
      return target().state().slots.common_with(moved) == moved && !source().state().slots.overlaps(moved) &&
             source().state().open_slots.empty() && target().state().open_slots.empty();
    });
  }

  PodWorld world_;
  std::unique_ptr<PodPair> pair_;
  std::size_t keys_ = 0;
  int slots_filled_ = kSlotCount - 1;
};

inline std::vector<MigrationCase> cases() {
  return {{"Keys8", ValkeyLine::k8, ValkeyLine::k8, MigrationEngine::kKeys},
          {"Keys9", ValkeyLine::k9, ValkeyLine::k9, MigrationEngine::kKeys},
          {"KeysFrom8To9", ValkeyLine::k8, ValkeyLine::k9, MigrationEngine::kKeys},
          {"KeysFrom9To8", ValkeyLine::k9, ValkeyLine::k8, MigrationEngine::kKeys},
          {"Atomic9", ValkeyLine::k9, ValkeyLine::k9, MigrationEngine::kAtomic}};
}

inline std::vector<MigrationCase> cases_where(const std::function<bool(const MigrationCase&)>& fits) {
  auto some = cases();
  std::erase_if(some, [&](const MigrationCase& one) { return !fits(one); });
  return some;
}
// Links between servers are TLS: everything but the servers' own unix sockets.
inline std::vector<MigrationCase> cases_with_tls() {
  auto all = cases();
  const std::size_t plain = all.size();
  for (std::size_t i = 0; i < plain; ++i) {
    MigrationCase one = all[i];
    one.name += "Tls";
    one.tls = true;
    all.push_back(one);
  }
  return all;
}
inline bool is_keys(const MigrationCase& one) { return one.engine == MigrationEngine::kKeys; }
inline bool is_atomic(const MigrationCase& one) { return one.engine == MigrationEngine::kAtomic; }

}  // namespace shardkeeper::test
