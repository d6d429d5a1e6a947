// What valkey-servers do among themselves, as facts/valkey.md describes 8.0, the most dangerous version: gossip, failure detection,
// elections, and replication that follows an address, whoever answers there.
#pragma once

#include "tests/sim/sim_server.h"

#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace shardkeeper::sim {

class SimBus {
 public:
  SimBus(Scheduler& scheduler, std::uint64_t seed) : scheduler_(scheduler), random_(seed) {}

  // Called with a server that is about to lose its data for another reason than its death.
  std::function<void(SimServer&)> data_dropped = [](SimServer&) {};

  SimServer& start(const std::string& pod, const std::string& ip);
  SimServer* at(const std::string& ip);                                                // the living process there
  const std::vector<std::unique_ptr<SimServer>>& servers() const { return servers_; }  // dead ones too

  // One turn of everything; call every 20 ms.
  void tick();

  // Commands, as the server would take them. RETURNS "" or the error reply.
  std::string replicate(SimServer& server, const NodeId& primary);
  std::string failover(SimServer& server, const std::string& mode);
  std::string forget(SimServer& server, const NodeId& id);
  std::string add_slots(SimServer& server, const SlotSet& slots);

  // A client's write, to whoever serves `slot`. RETURNS whether it was acknowledged.
  bool write(int slot, Number number);

  std::string random_hex();

 private:
  void meet(SimServer& server);
  void exchange(SimServer& from, SimServer& to);
  void hear_claims(SimServer& to, const NodeId& claimant, Epoch epoch, const SlotSet& slots);
  void lose_slots(SimServer& server, const NodeId& winner);
  void learn_unknown(SimServer& from, SimServer& to);
  void report_failures(const SimServer& from, SimServer& to);
  void detect_failures(SimServer& server);
  void judge_state(SimServer& server);
  void elect(SimServer& server);
  bool win_votes(SimServer& candidate, bool forced);
  void promote(SimServer& server, Epoch epoch);
  void follow(SimServer& server, const NodeId& primary);
  void replicate_data(SimServer& replica);
  void know_each_other(SimServer& a, SimServer& b);
  std::size_t voters_known(const SimServer& server) const;
  TimePoint now() const { return scheduler_.now(); }

  Scheduler& scheduler_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<SimServer>> servers_;
};

}  // namespace shardkeeper::sim
