#include "common/rpc/convert/command.h"

#include "common/rpc/convert/migration.h"
#include "common/rpc/convert/reader.h"

namespace shardkeeper::rpc::convert {

static_assert(pb::FAILOVER_MODE_GRACEFUL == static_cast<int>(command::FailoverMode::kGraceful) + 1);
static_assert(pb::FAILOVER_MODE_TAKEOVER == static_cast<int>(command::FailoverMode::kTakeover) + 1);
static_assert(pb::SetSlots::MODE_STABLE == static_cast<int>(command::SetSlots::Mode::kStable) + 1);

namespace {

using command::Command;
using Empty = Reader::Empty;

constexpr std::size_t kRequesterBytesMax = kNameBytesMax + 64;  // a pod's name and what kind of caller it is

void write_ticket(const command::Ticket& ticket, pb::Ticket& out) {
  out.set_replica_pod(ticket.replica.value);
  out.set_mode(to_wire<pb::FailoverMode>(ticket.mode));
  out.set_requester(to_utf8(ticket.requester, kRequesterBytesMax));
  out.set_valid_for_ms(to_wire_ms(ticket.valid_for));
}

command::Ticket read_ticket(Reader& read, const pb::Ticket& in) {
  return {.replica = PodName(read.text("ticket.replica_pod", in.replica_pod(), Empty::kRefused, kNameBytesMax)),
          .mode = read.enumerator("ticket.mode", in.mode(), command::FailoverMode::kTakeover),
          .requester = read.text("ticket.requester", in.requester(), Empty::kRefused, kRequesterBytesMax),
          .valid_for = read.duration("ticket.valid_for_ms", in.valid_for_ms())};
}

void put(const ServerSettingMap& settings, google::protobuf::Map<std::string, std::string>& out) {
  for (const auto& [name, value] : settings) out[name] = to_wire_text(value);
}

// One overload a command; std::visit chooses, so that a new command does not compile until it is here.
struct Writer {
  pb::ExecuteRequest& out;

  void operator()(const command::GrantStart& grant) const {
    out.mutable_grant_start()->set_start_id(grant.id.value);
    out.mutable_grant_start()->set_evidence(to_wire_text(grant.evidence));
  }
  void operator()(const command::SetConfigEpoch& set) const { out.mutable_set_config_epoch()->set_epoch(set.epoch.value); }
  void operator()(const command::RaiseEpoch& raise) const { out.mutable_raise_epoch()->set_above(raise.above.value); }
  void operator()(const command::Meet& meet) const {
    auto& message = *out.mutable_meet();
    for (const auto& peer : meet.peers) to_proto(peer, *message.add_peers());
  }
  void operator()(const command::AddSlots& add) const { to_proto(add.slots, *out.mutable_add_slots()->mutable_slots()); }
  void operator()(const command::Replicate& replicate) const { out.mutable_replicate()->set_primary_id(replicate.primary.str()); }
  void operator()(const command::TakeTicket& take) const { write_ticket(take.wanted, *out.mutable_take_ticket()->mutable_wanted()); }
  void operator()(const command::Failover& failover) const {
    auto& message = *out.mutable_failover();
    message.set_mode(to_wire<pb::FailoverMode>(failover.mode));
    message.set_old_primary_id(failover.old_primary.str());
    message.set_seen_epoch(failover.seen_epoch.value);
    if (failover.ticket) write_ticket(*failover.ticket, *message.mutable_ticket());
    message.set_accept_stale(failover.accept_stale);
  }
  void operator()(const command::Forget& forget) const {
    auto& message = *out.mutable_forget();
    for (const auto& id : forget.ids) message.add_ids(id.str());
  }
  void operator()(const command::SetConfig& set) const { put(set.settings, *out.mutable_set_config()->mutable_settings()); }
  void operator()(const command::ApplySettings& apply) const { put(apply.settings, *out.mutable_apply_settings()->mutable_settings()); }
  void operator()(const command::Shutdown&) const { out.mutable_shutdown(); }
  void operator()(const command::Unfence& unfence) const {
    out.mutable_unfence()->set_min_replicas_to_write(unfence.min_replicas_to_write);
  }
  void operator()(const command::StartMigration& start) const { to_proto(start.job, *out.mutable_start_migration()->mutable_job()); }
  void operator()(const command::CancelMigration& cancel) const { out.mutable_cancel_migration()->set_job(cancel.job); }
  void operator()(const command::ThrottleMigration& throttle) const {
    out.mutable_throttle_migration()->set_job(throttle.job);
    out.mutable_throttle_migration()->set_bytes_per_second(throttle.bytes_per_second);
  }
  void operator()(const command::SetSlots& set) const {
    auto& message = *out.mutable_set_slots();
    to_proto(set.slots, *message.mutable_slots());
    message.set_mode(to_wire<pb::SetSlots::Mode>(set.mode));
    message.set_node_id(set.node.str());
    if (set.from) message.set_from_node_id(set.from->str());
  }
  void operator()(const command::CopyFunctions& copy) const {
    out.mutable_copy_functions()->set_target_pod(copy.target_pod.value);
    out.mutable_copy_functions()->set_target_agent(copy.target_agent);
  }
  void operator()(const command::RestoreFunctions& restore) const { out.mutable_restore_functions()->set_dump(restore.dump); }
};

Result<Command> read(const pb::GrantStart& in) {
  Reader read("grant-start");
  return read.result(Command(command::GrantStart{.id = StartId(read.text("start_id", in.start_id(), Empty::kRefused, kNameBytesMax)),
                                                 .evidence = read.text("evidence", in.evidence(), Empty::kAllowed)}));
}

Result<Command> read(const pb::SetConfigEpoch& in) {
  Reader read("set-config-epoch");
  if (in.epoch() == 0) read.fail("epoch", "0 is no epoch");
  return read.result(Command(command::SetConfigEpoch{Epoch{in.epoch()}}));
}

Result<Command> read(const pb::Meet& in) {
  Reader read("meet");
  command::Meet meet;
  if (read.count("peers", in.peers_size(), kPeersMax)) {
    for (const auto& peer : in.peers()) {
      meet.peers.push_back(read.endpoint("peers", peer));
      if (peer.ip().empty() || peer.port() == 0) read.fail("peers", "one has no address or no port");
    }
  }
  return read.result(Command(std::move(meet)));
}

Result<Command> read(const pb::AddSlots& in) {
  Reader read("add-slots");
  command::AddSlots add{read.slots("slots", in.slots())};
  if (add.slots.empty()) read.fail("slots", "none are named");
  return read.result(Command(std::move(add)));
}

Result<Command> read(const pb::Replicate& in) {
  Reader read("replicate");
  return read.result(Command(command::Replicate{read.id("primary_id", in.primary_id())}));
}

Result<Command> read(const pb::TakeTicket& in) {
  Reader read("take-ticket");
  return read.result(Command(command::TakeTicket{read_ticket(read, in.wanted())}));
}

Result<Command> read(const pb::Failover& in) {
  Reader read("failover");
  command::Failover failover{.mode = read.enumerator("mode", in.mode(), command::FailoverMode::kTakeover),
                             .old_primary = read.id("old_primary_id", in.old_primary_id()),
                             .seen_epoch = Epoch{in.seen_epoch()},
                             .ticket = std::nullopt,
                             .accept_stale = in.accept_stale()};
  if (in.has_ticket()) failover.ticket = read_ticket(read, in.ticket());
  return read.result(Command(std::move(failover)));
}

Result<Command> read(const pb::Forget& in) {
  Reader read("forget");
  command::Forget forget;
  if (read.count("ids", in.ids_size(), kRowsMax))
    for (const auto& id : in.ids()) forget.ids.push_back(read.id("ids", id));
  return read.result(Command(std::move(forget)));
}

ServerSettingMap read_settings(Reader& read, const google::protobuf::Map<std::string, std::string>& in) {
  ServerSettingMap settings;
  if (read.count("settings", static_cast<int>(in.size()), kSettingsMax))
    for (const auto& [name, value] : in)
      settings.emplace(read.text("settings: name", name, Empty::kRefused, kNameBytesMax),
                       read.text("settings: " + name.substr(0, 60), value, Empty::kAllowed));
  return settings;
}

Result<Command> read(const pb::SetConfig& in) {
  Reader read("set-config");
  command::SetConfig set{read_settings(read, in.settings())};
  return read.result(Command(std::move(set)));
}

Result<Command> read(const pb::ApplySettings& in) {
  Reader read("apply-settings");
  command::ApplySettings apply{read_settings(read, in.settings())};
  return read.result(Command(std::move(apply)));
}

Result<Command> read(const pb::Unfence& in) {
  Reader read("unfence");
  if (in.min_replicas_to_write() < 0) read.fail("min_replicas_to_write", "is negative");
  return read.result(Command(command::Unfence{in.min_replicas_to_write()}));
}

Result<Command> read(const pb::StartMigration& in) {
  Reader read("start-migration");
  return read.result(Command(command::StartMigration{read_job(read, in.job())}));
}

Result<Command> read(const pb::CancelMigration& in) {
  Reader read("cancel-migration");
  return read.result(Command(command::CancelMigration{read.text("job", in.job(), Empty::kRefused, kNameBytesMax)}));
}

Result<Command> read(const pb::ThrottleMigration& in) {
  Reader read("throttle-migration");
  return read.result(
      Command(command::ThrottleMigration{read.text("job", in.job(), Empty::kRefused, kNameBytesMax), in.bytes_per_second()}));
}

Result<Command> read(const pb::SetSlots& in) {
  Reader read("set-slots");
  command::SetSlots set{.slots = read.slots("slots", in.slots()),
                        .mode = read.enumerator("mode", in.mode(), command::SetSlots::Mode::kStable),
                        .node = read.id("node_id", in.node_id()),
                        .from = read.optional_id("from_node_id", in.from_node_id())};
  if (set.slots.empty()) read.fail("slots", "none are named");
  return read.result(Command(std::move(set)));
}

Result<Command> read(const pb::CopyFunctions& in) {
  Reader read("copy-functions");
  return read.result(Command(command::CopyFunctions{PodName(read.text("target_pod", in.target_pod(), Empty::kRefused, kNameBytesMax)),
                                                    read.text("target_agent", in.target_agent(), Empty::kRefused, kNameBytesMax)}));
}

Result<Command> read(const pb::RestoreFunctions& in) {
  Reader read("restore-functions");
  return read.result(Command(command::RestoreFunctions{read.text("dump", in.dump(), Empty::kRefused, command::kFunctionsDumpBytesMax)}));
}

}  // namespace

void to_proto(const Command& command, pb::ExecuteRequest& out) { std::visit(Writer{out}, command); }

Result<Command> from_proto(const pb::ExecuteRequest& request) {
  switch (request.command_case()) {
    case pb::ExecuteRequest::kGrantStart: return read(request.grant_start());
    case pb::ExecuteRequest::kSetConfigEpoch: return read(request.set_config_epoch());
    case pb::ExecuteRequest::kRaiseEpoch: return Command(command::RaiseEpoch{Epoch{request.raise_epoch().above()}});
    case pb::ExecuteRequest::kMeet: return read(request.meet());
    case pb::ExecuteRequest::kAddSlots: return read(request.add_slots());
    case pb::ExecuteRequest::kReplicate: return read(request.replicate());
    case pb::ExecuteRequest::kTakeTicket: return read(request.take_ticket());
    case pb::ExecuteRequest::kFailover: return read(request.failover());
    case pb::ExecuteRequest::kForget: return read(request.forget());
    case pb::ExecuteRequest::kSetConfig: return read(request.set_config());
    case pb::ExecuteRequest::kApplySettings: return read(request.apply_settings());
    case pb::ExecuteRequest::kShutdown: return Command(command::Shutdown{});
    case pb::ExecuteRequest::kUnfence: return read(request.unfence());
    case pb::ExecuteRequest::kStartMigration: return read(request.start_migration());
    case pb::ExecuteRequest::kCancelMigration: return read(request.cancel_migration());
    case pb::ExecuteRequest::kSetSlots: return read(request.set_slots());
    case pb::ExecuteRequest::kCopyFunctions: return read(request.copy_functions());
    case pb::ExecuteRequest::kRestoreFunctions: return read(request.restore_functions());
    case pb::ExecuteRequest::kThrottleMigration: return read(request.throttle_migration());
    case pb::ExecuteRequest::COMMAND_NOT_SET: break;
  }
  return invalid("command", "is missing, or is one that this version of the agent does not know; update the agent");
}

void to_proto(const command::Outcome& outcome, pb::ExecuteResponse& out) {
  out.set_already_so(outcome.already_so);
  if (outcome.ticket) write_ticket(*outcome.ticket, *out.mutable_ticket());
}

Result<command::Outcome> from_proto(const pb::ExecuteResponse& in) {
  Reader read("answer");
  command::Outcome outcome{.already_so = in.already_so()};
  if (in.has_ticket()) outcome.ticket = read_ticket(read, in.ticket());
  return read.result(std::move(outcome));
}

}  // namespace shardkeeper::rpc::convert
