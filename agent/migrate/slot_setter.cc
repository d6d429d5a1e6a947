#include "agent/migrate/slot_setter.h"

#include "common/valkey/error_map.h"
#include "common/valkey/parse/info.h"

#include <algorithm>
#include <utility>

namespace shardkeeper::agent {
namespace {

using command::SetSlots;
using valkey::Reply;
using valkey::parse::ClusterNodes;
using Mode = SetSlots::Mode;

constexpr int kTriesMax = 2;
constexpr std::chrono::seconds kWithin{6};  // a slot waits 2 s at most for replicas, twice; the connections allow MIGRATE far more

bool is_open(const ClusterNodes& nodes, int slot, OpenSlot::Direction direction, const NodeId& peer) {
  return std::ranges::find(nodes.open_slots, OpenSlot{slot, direction, peer}) != nodes.open_slots.end();
}

SlotSet open_slots_of(const ClusterNodes& nodes) {
  SlotSet slots;
  for (const auto& open : nodes.open_slots) slots.add(open.slot);
  return slots;
}

std::vector<int> each_of(const SlotSet& slots) {
  std::vector<int> all;
  for (const auto& range : slots.ranges())
    for (int slot = range.first; slot <= range.last; ++slot) all.push_back(slot);
  return all;
}

bool lists_a_replica(const ClusterNodes& nodes) {
  const NodeId& self = nodes.myself()->id;
  return std::ranges::any_of(nodes.view.rows, [&](const NodeRow& row) { return row.primary_id == self; });
}

Error denied(const std::string& reason) { return refused("set-slots", reason); }

// The server takes any slot from anybody who is told to give it up. So who gives is checked: between two steps of a job the slot may have
// moved, by a failover or by somebody else's hand, and its new owner's writes would be lost. With the lower epoch another owner is old news:
// the giver's word has not come here yet.
Result<void> check_giver(const SlotSet& slots, const NodeId& giver, const NodeId& taker, const ClusterNodes& nodes) {
  const NodeRow* const row = nodes.view.find(giver);
  SlotSet known = row != nullptr ? row->slots : SlotSet();
  for (const auto& other : nodes.view.rows) {
    known = known.united(other.slots);
    const SlotSet taken = slots.common_with(other.slots);
    if (taken.empty() || other.id == giver || other.id == taker) continue;
    if (row == nullptr || other.config_epoch > row->config_epoch)
      return conflict("set-slots",
                      "slots " + to_string(taken) + " are node " + other.id.short_form() + "'s by now, not " + giver.short_form() + "'s");
    return unavailable("set-slots", "this node has not heard yet that " + giver.short_form() + " owns slots " + to_string(taken));
  }
  const SlotSet nobodys = slots.without(known);
  if (nobodys.empty()) return {};
  return unavailable("set-slots",
                     "this node knows no owner of slots " + to_string(nobodys) + "; " + giver.short_form() + " is to give them");
}

}  // namespace

Result<SlotSet> slots_to_set(const SetSlots& wanted, const ClusterNodes& nodes) {
  if (wanted.slots.count() > kSetSlotsMax)
    return denied(std::to_string(wanted.slots.count()) + " slots are named, at most " + std::to_string(kSetSlotsMax) + " at once");
  const NodeRow& self = *nodes.myself();
  if (self.role != Role::kPrimary) return denied("this node is a replica; slots are set at its primary");
  if (wanted.mode == Mode::kStable) return wanted.slots.common_with(open_slots_of(nodes));
  const NodeRow* const node = nodes.view.find(wanted.node);
  if (node == nullptr)
    return Error{ErrorKind::kUnavailable, "set-slots", "this node has not heard of " + wanted.node.short_form() + " yet"};
  if (node->role != Role::kPrimary) return denied("node " + wanted.node.short_form() + " is a replica");
  const NodeId& taker = wanted.mode == Mode::kImporting ? self.id : wanted.node;
  const auto checked_for = [&](const SlotSet& todo) -> Result<SlotSet> {
    const auto checked = wanted.from ? check_giver(todo, *wanted.from, taker, nodes) : Result<void>();
    return checked ? Result<SlotSet>(todo) : Result<SlotSet>(checked.error());
  };
  if (wanted.mode == Mode::kNode) return checked_for(wanted.slots.without(node->slots.without(open_slots_of(nodes))));
  const SlotSet own = wanted.slots.common_with(self.slots);
  if (wanted.mode == Mode::kImporting && !own.empty()) return denied("this node owns slots " + to_string(own) + " itself");
  if (wanted.mode == Mode::kMigrating && own != wanted.slots)
    return denied("slots " + to_string(wanted.slots.without(own)) + " are not this node's");
  const auto direction = wanted.mode == Mode::kImporting ? OpenSlot::Direction::kImporting : OpenSlot::Direction::kMigrating;
  SlotSet so_already;
  for (const auto& open : nodes.open_slots)
    if (is_open(nodes, open.slot, direction, wanted.node)) so_already.add(open.slot);
  return checked_for(wanted.slots.without(so_already));
}

Result<void> check_replicas_are_listed(const std::vector<OnlineReplica>& online, const ClusterNodes& nodes) {
  if (lists_a_replica(nodes)) return {};
  for (const auto& row : nodes.view.rows) {
    // INFO names no bus port.
    const auto is_this = [&](const OnlineReplica& replica) {
      return replica.endpoint.ip == row.endpoint.ip && replica.endpoint.port == row.endpoint.port;
    };
    if (std::ranges::none_of(online, is_this)) continue;
    return unavailable("set-slots",
                       "this node has not heard yet that " + row.id.short_form() + " is its replica; it would not get the flags");
  }
  return {};  // who else replicates is no member, a backup perhaps
}

struct SlotSetter::Operation {
  SetSlots wanted;
  Done done;
  SlotSet foreign;  // open here and owned by somebody else
  SlotSet todo;
  SlotSet held;  // cannot be made stable: this node holds keys of them
  std::size_t ports = 1;
  std::size_t missing = 0;
  std::optional<Error> failure;
  std::unique_ptr<Timer> deadline;
};

void SlotSetter::set(SetSlots wanted, Done done) {
  const auto operation = std::make_shared<Operation>(
      Operation{.wanted = std::move(wanted), .done = std::move(done)});  // shared by the replies that it waits for
  operation->deadline = scheduler_.after(kWithin, [this, waits = std::weak_ptr<Operation>(operation)] {
    const auto late = waits.lock();
    if (late) finish(late, unknown_outcome("set-slots", "the server did not answer within 6 s; look before doing it again"));
  });
  servers_.hold();
  servers_.want(1, [this, operation, alive = alive_.watch()](const Result<void>& stands) {
    if (alive.expired()) return;
    if (!stands) return finish(operation, stands.error());
    look(operation);
  });
}

void SlotSetter::look(const std::shared_ptr<Operation>& operation) {
  servers_.port(0).call({"CLUSTER", "NODES"}, [this, operation, alive = alive_.watch()](Result<Reply> reply) {
    if (alive.expired()) return;
    reply = valkey::refuse_error_reply("CLUSTER NODES", std::move(reply));
    if (!reply) return finish(operation, reply.error());
    const auto nodes = valkey::parse::parse_cluster_nodes(reply->text);
    if (!nodes) return finish(operation, nodes.error());
    if (nodes->myself() == nullptr) return finish(operation, invalid("CLUSTER NODES", "no line is flagged myself"));
    decide(operation, *nodes);
  });
}

void SlotSetter::decide(const std::shared_ptr<Operation>& operation, const ClusterNodes& nodes) {
  const auto todo = slots_to_set(operation->wanted, nodes);
  if (!todo) return finish(operation, todo.error());
  if (todo->empty()) return finish(operation, command::Outcome{.already_so = true, .ticket = std::nullopt});
  operation->todo = *todo;
  if (operation->wanted.mode == Mode::kStable) operation->foreign = todo->without(nodes.myself()->slots);
  if (!lists_a_replica(nodes)) return ask_for_replicas(operation, nodes);
  operation->ports = std::min(ServerPool::kPortsMax, static_cast<std::size_t>(todo->count()));
  begin(operation);
}

void SlotSetter::ask_for_replicas(const std::shared_ptr<Operation>& operation, const ClusterNodes& nodes) {
  servers_.port(0).call({"INFO", "replication"}, [this, operation, nodes, alive = alive_.watch()](Result<Reply> reply) {
    if (alive.expired()) return;
    reply = valkey::refuse_error_reply("INFO", std::move(reply));
    if (!reply) return finish(operation, reply.error());
    const auto info = valkey::parse::Info::parse(reply->text);
    if (!info) return finish(operation, info.error());
    const auto read = valkey::parse::parse_replication(*info);
    if (!read) return finish(operation, read.error());
    const auto listed = check_replicas_are_listed(read->replication.online_replicas, nodes);
    if (!listed) return finish(operation, listed.error());
    begin(operation);
  });
}

void SlotSetter::begin(const std::shared_ptr<Operation>& operation) {
  servers_.want(operation->ports, [this, operation, alive = alive_.watch()](const Result<void>& stands) {
    if (alive.expired()) return;
    if (!stands) return finish(operation, stands.error());
    if (operation->foreign.empty()) return send_all(operation);
    check_empty(operation);
  });
}

// An importing node that holds keys and forgets that it imports has hidden them from every client.
void SlotSetter::check_empty(const std::shared_ptr<Operation>& operation) {
  count_each(operation, operation->foreign, [this, operation](const SlotSet& held) {
    operation->held = held;
    operation->todo = operation->todo.without(held);
    operation->foreign = operation->foreign.without(held);
    if (operation->todo.empty()) return check_still_empty(operation);
    send_all(operation);
  });
}

void SlotSetter::send_all(const std::shared_ptr<Operation>& operation) {
  const auto slots = each_of(operation->todo);
  operation->missing = slots.size();
  for (const int slot : slots) send(operation, slot, kTriesMax);
}

void SlotSetter::send(const std::shared_ptr<Operation>& operation, int slot, int tries_left) {
  std::vector<std::string> call{"CLUSTER", "SETSLOT", std::to_string(slot)};
  switch (operation->wanted.mode) {
    case Mode::kImporting: call.insert(call.end(), {"IMPORTING", operation->wanted.node.str()}); break;
    case Mode::kMigrating: call.insert(call.end(), {"MIGRATING", operation->wanted.node.str()}); break;
    case Mode::kNode: call.insert(call.end(), {"NODE", operation->wanted.node.str()}); break;
    case Mode::kStable: call.emplace_back("STABLE"); break;
  }
  auto& port = servers_.port(static_cast<std::size_t>(slot) % std::min(operation->ports, servers_.size()));
  port.call(std::move(call), [this, operation, slot, tries_left, alive = alive_.watch()](Result<Reply> reply) {
    if (!alive.expired()) answered(operation, slot, tries_left - 1, std::move(reply));
  });
}

void SlotSetter::answered(const std::shared_ptr<Operation>& operation, int slot, int tries_left, Result<Reply> reply) {
  // Not a no-op: replicas may have it already. The server's cure is the same command again.
  const bool lacks_replicas = reply && reply->is_error() && reply->text.starts_with("NOREPLICAS");
  if (lacks_replicas && tries_left > 0) return send(operation, slot, tries_left);
  reply = valkey::refuse_error_reply("CLUSTER SETSLOT " + std::to_string(slot), std::move(reply));
  if (!reply && !operation->failure) operation->failure = reply.error();
  if (--operation->missing > 0) return;
  if (operation->failure) return finish(operation, *operation->failure);
  if (operation->wanted.mode == Mode::kStable) return check_still_empty(operation);
  finish(operation, command::Outcome{});
}

// A client may have written between the look and the step: then the slot is opened again, and the key is in reach.
void SlotSetter::check_still_empty(const std::shared_ptr<Operation>& operation) {
  const auto tell = [this, operation] {
    if (operation->held.empty()) return finish(operation, command::Outcome{});
    finish(operation,
           denied("this node holds keys of slots " + to_string(operation->held) + ", which it does not own; finish moving them"));
  };
  if (operation->foreign.empty()) return tell();
  count_each(operation, operation->foreign, [this, operation, tell](const SlotSet& held) {
    if (held.empty()) return tell();
    operation->held = operation->held.united(held);
    operation->foreign = {};
    set({held, Mode::kImporting, operation->wanted.node}, [tell](const Result<command::Outcome>&) { tell(); });
  });
}

void SlotSetter::count_each(const std::shared_ptr<Operation>& operation, const SlotSet& slots, std::function<void(SlotSet held)> then) {
  struct Count {
    SlotSet held;
    std::size_t missing;
  };
  const auto all = each_of(slots);
  const auto count = std::make_shared<Count>(Count{{}, all.size()});
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto& port = servers_.port(i % std::min(operation->ports, servers_.size()));
    port.call({"CLUSTER", "COUNTKEYSINSLOT", std::to_string(all[i])},
              [slot = all[i], count, then, alive = alive_.watch()](const Result<Reply>& reply) {
                if (alive.expired()) return;
                if (!reply || reply->kind != Reply::Kind::kInteger || reply->integer > 0) count->held.add(slot);
                if (--count->missing == 0) then(count->held);
              });
  }
}

void SlotSetter::finish(const std::shared_ptr<Operation>& operation, Result<command::Outcome> outcome) {
  const Done done = std::exchange(operation->done, nullptr);
  if (!done) return;  // it came too late
  operation->deadline.reset();
  servers_.release();
  done(std::move(outcome));
}

}  // namespace shardkeeper::agent
