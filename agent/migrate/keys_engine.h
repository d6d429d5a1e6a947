// Moves slots key by key (CLUSTER SETSLOT and MIGRATE): works between any two versions.
#pragma once

#include "agent/migrate/engine.h"
#include "agent/migrate/key_mover.h"
#include "agent/migrate/target.h"

#include "common/valkey/parse/cluster_nodes.h"

#include <memory>
#include <optional>

namespace shardkeeper::agent {

// What a job finds at its source. Pure.
struct SourceView {
  SlotSet moved;  // the target owns them already
  SlotSet todo;   // this node's, closed or half moved to the target
};
// ERRORS kRefused: a replica, or slots that neither end owns, or that are half moved from elsewhere or to another live primary.
Result<SourceView> read_source(const MigrationJob& job, const valkey::parse::ClusterNodes& nodes);

// In windows of some slots, each:
//   opening: target IMPORTING, then source MIGRATING         from here on a client finds each key at the source, or by ASK at the target
//   moving:  KeyMover, until the source holds no key of them; slots with a key that cannot be moved leave the window here, half moved
//   closing: target NODE, then source NODE                   the target first: at no moment does a slot have no owner
// The other nodes hear of it from the target, whose epoch is the highest.
// A cancelled job closes its window, for which it has command::kCancelPatience.
//   any --(cancel and no patience left, failure)--> abandoning: STABLE at the target where it holds no key, then STABLE at the source where
//   the target did so.
//   What stays half moved is named in the error; a later job to the same target goes on with it.
class KeysEngine final : public Engine {
 public:
  KeysEngine(const MigrationJob& job, EngineParts parts)
      : job_(job), parts_(std::move(parts)), target_(job_, parts_.scheduler, parts_.calls), mover_(job_, parts_) {}

  void start() override;
  void cancel() override;
  void throttle() override { mover_.throttle(); }

 private:
  void look();
  void ask_version(const SlotSet& todo);
  void count(const SlotSet& todo);
  bool is_cancelled() const { return parts_.progress.is_cancelled; }
  void next_window();
  void open_target();
  void open_source();
  void move_keys();
  void leave(const KeyMover::Stuck& stuck);
  void close_target();
  void close_source(int tries_left);
  void verify();
  void abandon(MigrationProgress::Stage stage, const std::string& error);
  void abandon_at_target();
  void abandon_at_source(const Result<NodeState>& target);
  void set_at_source(const command::SetSlots& step, std::function<void()> then);
  void add_to_error(const std::string& text);
  void end();

  command::SetSlots step(command::SetSlots::Mode mode, const NodeId& node, const std::optional<NodeId>& from = std::nullopt) const {
    return {window_, mode, node, from};
  }
  command::SetSlots give(const SlotSet& slots) const { return {slots, command::SetSlots::Mode::kNode, job_.target_node, parts_.self}; }

  const MigrationJob job_;
  const EngineParts parts_;
  Target target_;
  KeyMover mover_;
  SlotSet half_moved_;    // at the beginning: finished first
  SlotSet todo_;          // without the window
  SlotSet window_;        // opened, or about to be
  KeyMover::Stuck left_;  // of earlier windows: open still
  SlotCounts counts_;
  std::unique_ptr<Timer> patience_;  // of a cancelled job
  MigrationProgress::Stage stage_ = MigrationProgress::Stage::kDone;
  std::string error_;
  std::unique_ptr<Timer> later_;
  Alive alive_;
};

}  // namespace shardkeeper::agent
