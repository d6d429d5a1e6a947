// The user's settings of the running server: what it was started with, and what it was told since.
#pragma once

#include "agent/core/server_steps.h"
#include "common/node/settings.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace shardkeeper::agent {

// THREAD the loop's. REQUIRES server outlives it.
class LiveSettings {
 public:
  explicit LiveSettings(valkey::ServerPort& server) : server_(server), steps_(server) {}

  // A start was granted, and `rendered` was written into server.conf for it.
  void granted(const ServerSettingMap& rendered);
  // Without a grant before: it runs since before this agent, and what it was told meanwhile is not known.
  void process_started(const ServerSettingMap& rendered);
  void process_ended();

  // Asks for the values that differ, each by itself: one that is refused does not hold up the others. RETURNS through `done` when all
  // were asked for, refused ones included. ERRORS kUnavailable: another such command runs, or the server cannot be asked now.
  void apply(const ServerSettingMap& wanted, const Done& done);

  // See NodeState.
  std::uint64_t hash() const { return hash_; }
  const std::vector<SettingNotInForce>& not_in_force() const { return not_in_force_; }

 private:
  struct Pass;

  void set_those_that_differ(const std::shared_ptr<Pass>& pass, const valkey::Reply& values);
  void heed(Pass& pass, const std::string& name, const Result<valkey::Reply>& reply) const;
  void finish(Pass& pass);

  valkey::ServerPort& server_;
  ServerSteps steps_;
  ServerSettingMap rendered_;
  std::set<std::string> told_;                   // names: at the start, or since
  std::vector<SettingNotInForce> not_in_force_;  // by name
  std::uint64_t hash_ = 0;
  bool is_applying_ = false;
  Alive alive_;
};

}  // namespace shardkeeper::agent
