#include "coordinator/plan/checks/checks.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace shardkeeper::plan {
namespace {

using model::Reason;

bool lists_as_it_is(const TopologyView* view, const Member& member) {
  const auto* row = view != nullptr ? view->find(*member.id) : nullptr;
  return row != nullptr && row->role == member.state->role && row->primary_id == member.state->primary_id;
}

// Every primary that votes lists it as what it is; before that an election of it may be refused.
bool is_known_to_voters(const World& world, const Member& member) {
  return std::ranges::all_of(world.voters_views, [&](const TopologyView* view) { return lists_as_it_is(view, member); });
}

// All slots are served and every voter knows everybody: settings for creation have done their work.
bool is_settled(const World& world) {
  if (world.owned_somewhere() != SlotSet::all()) return false;
  return std::ranges::all_of(world.members, [&](const Member& m) {
    return !m.is_up() || ((!m.owns_slots() || m.state->cluster_state_ok) && m.id && is_known_to_voters(world, m));
  });
}

// Everybody has become what he is to be, so no news of others is to come.
bool all_have_roles(const World& world) {
  return world.owned_somewhere() == SlotSet::all() &&
         std::ranges::all_of(world.members, [](const Member& m) { return m.is_up() && m.id && (m.owns_slots() || m.is_replica()); });
}

// What it waited for itself is there. Others learn by their own pings: fifty nodes that ping each other for the slowest one's sake slow it.
std::set<PodName> who_has_learned_all(const World& world) {
  std::set<PodName> found;
  if (!all_have_roles(world)) return found;
  std::set<const TopologyView*> complete;
  for (const auto* view : world.distinct_views)
    if (std::ranges::all_of(world.members, [&](const Member& other) { return lists_as_it_is(view, other); })) complete.insert(view);
  for (const auto& member : world.members)
    if (member.owns_slots() && member.state->cluster_state_ok && complete.contains(member.view)) found.insert(member.name());
  return found;
}

void restore_node_timeout(const World& world, const Member& member, bool settled, Verdict& verdict) {
  const auto wanted = world.spec().node_timeout;
  if (member.state->node_timeout == wanted || member.state->node_timeout.count() == 0) return;
  // Creation lowers it on purpose and only on servers without data.
  const bool lowered = member.state->node_timeout < wanted;
  if (lowered && member.state->keys == 0 && !settled) return;
  verdict.order(member, command::SetConfig{{{"cluster-node-timeout", std::to_string(wanted.count())}}}, Reason::kSettled,
                "it is " + std::to_string(member.state->node_timeout.count()) + " ms, the spec says " + std::to_string(wanted.count()));
}

// One that is up, owns slots and has the highest epoch: a shard has one primary, also while a former one has not heard of it, or is dead.
bool has_another_primary(const World& world, const Member& member) {
  if (!member.shard) return false;
  const auto shard = world.shards.find(*member.shard);
  return shard != world.shards.end() && shard->second.primary && world.members[*shard->second.primary].name() != member.name();
}

// Also of a pod that is being deleted: a label selects it until it is gone.
void keep_label(const World& world, const Member& member, Verdict& verdict) {
  const auto label = member.info->pod.labels.find(model::kLabelRole);
  const std::string shown = label == member.info->pod.labels.end() ? "" : label->second;
  const bool is_known = member.is_up() && member.id;
  std::string role;
  if (has_another_primary(world, member))
    role = shown == "primary" || (is_known && member.is_replica()) ? "replica" : "";
  else if (is_known)
    role = member.owns_slots() ? "primary" : member.is_replica() ? "replica" : "";
  if (role.empty() || role == shown) return;
  verdict.step(model::LabelPod{member.name(), {{model::kLabelRole, role}}}, Reason::kLabelStale, "its role is now " + role);
}

// In the cluster: the majority's view lists the node, and gives it the slots that it claims. It begins when every voter knows the node, and
// ends only when the majority does not: two thresholds, so that gossip on its way does not make a pod flap. A coordinator that has just started
// takes nobody out of service before it has heard him.
void keep_condition(const World& world, const Member& member, Verdict& verdict) {
  const bool may_be_heard_yet = member.presence == Presence::kUnheard && world.now() - member.info->first_seen < world.spec().node_timeout;
  if (may_be_heard_yet || (member.is_up() && world.majority == nullptr)) return;
  const auto* row = member.id && member.is_up() && world.majority != nullptr ? world.majority->find(*member.id) : nullptr;
  const bool holds = row != nullptr && world.majority->rows.size() > 1 &&
                     (row->role == Role::kReplica || row->slots == member.state->slots) &&
                     (row->role == Role::kReplica || !row->slots.empty());
  const auto alone = world.spec().shards == 1 && world.spec().replicas_per_shard == 0;
  const auto shown = member.info->pod.conditions.find(model::kConditionInCluster);
  const bool is_in = shown != member.info->pod.conditions.end() && shown->second;
  const bool begins = holds && (is_in || is_known_to_voters(world, member));
  const bool wanted = begins || (alone && row != nullptr && member.state->slots == SlotSet::all());
  if (is_in == wanted) return;
  verdict.step(model::SetPodCondition{member.name(), model::kConditionInCluster, wanted}, Reason::kLabelStale,
               wanted ? "the majority's view lists it with its slots" : "the majority's view does not list it with its slots");
}

// The coordinator's word lifts a fence, but never on a zombie whose slots are served elsewhere, or soon will be.
void lift_fence(const World& world, const Member& member, Verdict& verdict) {
  if (!member.state->fenced || world.majority == nullptr) return;
  const auto* row = world.majority->find(*member.id);
  if (row == nullptr || row->is_failed || (member.owns_slots() && row->slots != member.state->slots)) return;
  verdict.order(member, command::Unfence{world.spec().min_replicas_to_write}, Reason::kFenceLifted,
                "the coordinator sees it as a rightful member");
}

// To everybody who was told other settings last, or whose agent does not know. All at once: a server takes a setting or leaves it.
void keep_settings(const World& world, const Member& member, std::uint64_t wanted_hash, Verdict& verdict) {
  if (member.state->condition != ServerCondition::kUp || member.state->settings_hash == wanted_hash) return;
  verdict.order(member, command::ApplySettings{world.spec().config}, Reason::kSettingsChanged,
                member.state->settings_hash == 0 ? "what it was told last is not known" : "it was told others last");
}

// One finding a setting, whatever the number of pods.
void tell_settings_not_in_force(const World& world, Verdict& verdict) {
  struct Told {
    const SettingNotInForce* setting;
    PodName pod;
    int others = 0;
  };
  std::map<std::string, Told> by_name;
  for (const auto& member : world.members) {
    if (!member.is_up() || member.info->pod.is_deleting) continue;
    for (const auto& setting : member.state->settings_not_in_force)
      if (const auto [it, is_first] = by_name.try_emplace(setting.name, Told{&setting, member.name()}); !is_first) ++it->second.others;
  }
  for (const auto& [name, told] : by_name)
    verdict.hold(
        told.setting->needs_new_server ? Reason::kRollNeeded : Reason::kSettingRefused, "spec.config." + name,
        "pod " + told.pod.value + (told.others > 0 ? " and " + std::to_string(told.others) + " more" : "") + ": " + told.setting->reason);
}

// Pods read the same Secret: what they say alike is said once.
void tell_secret_trouble(const World& world, Reason reason, const std::string& field, std::string NodeState::*trouble, Verdict& verdict) {
  std::set<std::string> told;
  for (const auto& member : world.members)
    if (member.state != nullptr && !(member.state->*trouble).empty() && told.insert(member.state->*trouble).second)
      verdict.hold(reason, field, "pod " + member.name().value + ": " + member.state->*trouble);
}

}  // namespace

Verdict check_upkeep(const World& world, const Claims&, model::History&) {
  Verdict verdict;
  const auto is_lowered = [&](const Member& m) { return m.is_up() && m.state->node_timeout < world.spec().node_timeout; };
  const bool any_lowered = std::ranges::any_of(world.members, is_lowered);
  const bool settled = any_lowered && is_settled(world);
  const auto done = any_lowered && !settled ? who_has_learned_all(world) : std::set<PodName>();
  const std::uint64_t settings_hash = hash_settings(world.spec().config);
  for (const auto& member : world.members) {
    keep_label(world, member, verdict);
    if (member.info->pod.is_deleting) continue;
    keep_condition(world, member, verdict);
    if (!member.is_up() || !member.id) continue;
    restore_node_timeout(world, member, settled || done.contains(member.name()), verdict);
    lift_fence(world, member, verdict);
    keep_settings(world, member, settings_hash, verdict);
  }
  tell_settings_not_in_force(world, verdict);
  tell_secret_trouble(world, Reason::kUsersRejected, "spec.usersSecret", &NodeState::users_trouble, verdict);
  tell_secret_trouble(world, Reason::kTlsRejected, "spec.tls", &NodeState::tls_trouble, verdict);
  for (const auto& field : world.spec().not_honoured)
    verdict.hold(Reason::kNotHonoured, "cluster", field + " cannot be honoured on this platform and is left aside");
  return verdict;
}

}  // namespace shardkeeper::plan
