// A pod's volume in memory.
#pragma once

#include "agent/volume.h"

#include <string>
#include <utility>
#include <vector>

namespace shardkeeper::test {

class FakeVolume final : public agent::Volume {
 public:
  GateState gate() const override { return gate_; }
  void on_gate_change(std::function<void()> changed) override { changed_ = std::move(changed); }

  Result<void> grant(const StartId& id, const std::string& evidence) override {
    if (gate_.lock_held) return refused("grant", "a server runs");
    if (!gate_.request || gate_.request->id != id) return refused("grant", "the newest request has another id");
    gate_.start_granted = true;
    evidence_ = evidence;
    return {};
  }

  FenceToken token() const override { return token_; }
  Result<void> keep_token(FenceToken token) override {
    if (disk_is_full) return unavailable("token", "no space left on device");
    token_ = token;
    return {};
  }
  void keep_life(const LastLife& life) override {
    life_ = life;
    ++lives_kept;
  }
  std::optional<LastLife> last_life() const override { return life_; }

  // What `launch` and the kernel do.
  void ask_start(const std::string& id) { set({false, StartRequest{StartId(id), {9, 1, 2}}, false}); }
  void start_server() { set({true, gate_.request, false}); }
  void kill_server() { set({false, gate_.request, false}); }

  const std::string& evidence() const { return evidence_; }
  void set_life(LastLife life) { life_ = std::move(life); }

  bool disk_is_full = false;
  int lives_kept = 0;

 private:
  void set(GateState gate) {
    gate_ = std::move(gate);
    if (changed_) changed_();
  }

  GateState gate_;
  FenceToken token_;
  std::optional<LastLife> life_;
  std::string evidence_;
  std::function<void()> changed_;
};

}  // namespace shardkeeper::test
