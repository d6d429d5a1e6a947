#include "common/node/command.h"
#include "common/node/node_state.h"

#include <array>

namespace shardkeeper {

std::string_view to_string(ReadyReason reason) {
  switch (reason) {
    case ReadyReason::kGateShut: return "GateShut";
    case ReadyReason::kStarting: return "Starting";
    case ReadyReason::kHung: return "Hung";
    case ReadyReason::kLoading: return "Loading";
    case ReadyReason::kNotAMember: return "NotAMember";
    case ReadyReason::kClusterStateFail: return "ClusterStateFail";
    case ReadyReason::kNoSlots: return "NoSlots";
    case ReadyReason::kFirstSync: return "FirstSync";
    case ReadyReason::kPrimaryLinkDown: return "PrimaryLinkDown";
    case ReadyReason::kFenced: return "Fenced";
    case ReadyReason::kUsersMissing: return "UsersMissing";
    case ReadyReason::kReady: return "Ready";
  }
  return "?";
}

std::string_view to_string(ServerCondition condition) {
  switch (condition) {
    case ServerCondition::kDown: return "down";
    case ServerCondition::kStarting: return "starting";
    case ServerCondition::kLoading: return "loading";
    case ServerCondition::kUp: return "up";
    case ServerCondition::kHung: return "hung";
  }
  return "?";
}

std::string_view to_string(MigrationEngine engine) {
  switch (engine) {
    case MigrationEngine::kAtomic: return "atomic";
    case MigrationEngine::kKeys: return "keys";
  }
  return "?";
}

std::string_view to_string(MigrationProgress::Stage stage) {
  switch (stage) {
    case MigrationProgress::Stage::kRunning: return "running";
    case MigrationProgress::Stage::kDone: return "done";
    case MigrationProgress::Stage::kFailed: return "failed";
    case MigrationProgress::Stage::kCancelled: return "cancelled";
  }
  return "?";
}

namespace command {

std::string_view to_string(SetSlots::Mode mode) {
  switch (mode) {
    case SetSlots::Mode::kImporting: return "importing";
    case SetSlots::Mode::kMigrating: return "migrating";
    case SetSlots::Mode::kNode: return "node";
    case SetSlots::Mode::kStable: return "stable";
  }
  return "?";
}

std::string_view to_string(FailoverMode mode) {
  switch (mode) {
    case FailoverMode::kGraceful: return "graceful";
    case FailoverMode::kForce: return "force";
    case FailoverMode::kTakeover: return "takeover";
  }
  return "?";
}

std::string_view name_of(const Command& command) {
  // In the order of the variant.
  static constexpr std::array kNames{std::string_view("grant-start"),
                                     std::string_view("set-config-epoch"),
                                     std::string_view("meet"),
                                     std::string_view("add-slots"),
                                     std::string_view("replicate"),
                                     std::string_view("take-ticket"),
                                     std::string_view("failover"),
                                     std::string_view("forget"),
                                     std::string_view("set-config"),
                                     std::string_view("shutdown"),
                                     std::string_view("unfence"),
                                     std::string_view("start-migration"),
                                     std::string_view("cancel-migration"),
                                     std::string_view("set-slots"),
                                     std::string_view("copy-functions"),
                                     std::string_view("restore-functions"),
                                     std::string_view("throttle-migration"),
                                     std::string_view("apply-settings"),
                                     std::string_view("raise-epoch")};
  static_assert(kNames.size() == std::variant_size_v<Command>);
  return kNames[command.index()];
}

}  // namespace command
}  // namespace shardkeeper
