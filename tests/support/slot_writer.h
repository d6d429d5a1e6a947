// One writer of a write checker: one thread, one client, one group of slots.
#pragma once

#include "tests/support/cluster_client.h"
#include "tests/support/write_report.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace shardkeeper::test {

struct WriteCheckerOptions {
  ClusterClientOptions client;
  SlotSet slots = SlotSet::all();
  // One writer thread each, so that a group that cannot be written to does not hold up the others. Empty: one per primary at the start, named by its
  // slots. Groups must not overlap; slots without a primary at the start get a group of their own ("unserved").
  std::vector<SlotSet> groups;
  std::chrono::microseconds pause{0};  // of a writer after each request; 0: as fast as it goes
  std::size_t value_bytes = 16;        // padding included
  // Every write has a key of its own until a writer has made so many; then it starts again with its first. A lost write that was overwritten
  // since is not seen, so keep this above what a run writes. Memory here: 8 bytes a key and 4 a request.
  std::size_t keys_per_writer_max = 500'000;
  std::string key_prefix = "sk";  // keys are {tag}PREFIX:group:number; use another one for a second checker
};

// Sequence numbers start at 1; number n is written to key (n - 1) modulo the number of keys.
// THREAD the functions that say REQUIRES stopped: the owner's; the rest any.
class SlotWriter {
 public:
  // What is known about a key: sequence numbers, 0 for none.
  struct Key {
    std::uint32_t acknowledged = 0;  // the newest that was
    std::uint32_t attempted = 0;     // the newest that was sent
  };

  // REQUIRES `options` outlives it; slots not empty; `index` differs from that of every other writer with the same key prefix.
  SlotWriter(const WriteCheckerOptions& options, std::string name, SlotSet slots, std::size_t index);
  ~SlotWriter() { stop(); }
  SlotWriter(const SlotWriter&) = delete;
  SlotWriter& operator=(const SlotWriter&) = delete;

  Result<std::vector<SlotOwner>> load_topology() { return client_.load_topology(); }
  void start();
  // Ends after the current request.
  void stop();

  const SlotSet& slots() const { return slots_; }
  const std::string& name() const { return name_; }
  std::uint64_t acknowledged() const { return acknowledged_; }
  WriteGap longest_gap() const;
  void forget_gaps();

  // REQUIRES stopped.
  void add_to(WriteReport& report, std::vector<std::uint32_t>& latencies_us) const;
  // Reads all keys back through `client`. REQUIRES stopped.
  void verify(ClusterClient& client, WriteReport& report) const;

 private:
  int slot_of(std::size_t key) const { return order_[key % order_.size()]; }
  std::string name_of(std::size_t key) const;
  std::string value_of(std::size_t key, std::uint32_t number) const;
  void write();
  void write_one(std::size_t key, std::uint32_t number);
  void judge(std::size_t key, const Result<valkey::Reply>& reply, WriteReport& report) const;

  const WriteCheckerOptions& options_;
  ClusterClient client_;
  std::string name_;
  SlotSet slots_;
  std::vector<int> order_;
  std::string prefix_;

  // Of the writer's thread; others look after stop().
  std::vector<Key> keys_;
  std::vector<std::uint32_t> latencies_us_;
  std::uint64_t requests_ = 0, failed_ = 0;
  std::map<std::string, std::uint64_t> failures_;

  std::atomic<std::uint64_t> acknowledged_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex gap_mutex_;
  std::chrono::steady_clock::time_point last_{};   // acknowledgement
  std::chrono::steady_clock::time_point ended_{};  // of the thread
  WriteGap longest_;
  std::thread thread_;
};

}  // namespace shardkeeper::test
