#include "agent/io/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <vector>

namespace shardkeeper::agent {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

using Labels = std::vector<ClientMetric::Label>;

double to_seconds(std::chrono::milliseconds duration) { return std::chrono::duration<double>(duration).count(); }
double to_seconds(const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; }

// Collects families; add() with labels to the newest one.
class Page {
 public:
  template <typename Number>
  void gauge(const char* name, const char* help, Number value) {
    family(name, help, MetricType::Gauge);
    add({}, value);
  }
  template <typename Number>
  void counter(const char* name, const char* help, Number value) {
    family(name, help, MetricType::Counter);
    add({}, value);
  }
  void family(const char* name, const char* help, MetricType type) { families_.push_back({name, help, type, {}}); }
  template <typename Number>
  void add(Labels labels, Number number) {
    const auto value = static_cast<double>(number);
    ClientMetric metric;
    metric.label = std::move(labels);
    if (families_.back().type == MetricType::Counter)
      metric.counter.value = value;
    else
      metric.gauge.value = value;
    families_.back().metric.push_back(std::move(metric));
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  std::vector<MetricFamily> families_;
};

void add_server(Page& page, const NodeState& state, const ServerNumbers& numbers) {
  page.family("valkey_instance_info", "Constant 1; what runs here.", MetricType::Gauge);
  page.add({{"version", state.version ? to_string(*state.version) : ""}, {"node_id", state.node_id ? state.node_id->str() : ""}}, 1);
  page.gauge("valkey_uptime_seconds", "Age of the server process.", numbers.uptime_seconds);
  page.gauge("valkey_connected_clients", "Client connections.", numbers.connected_clients);
  page.gauge("valkey_blocked_clients", "Clients that wait in a blocking call.", numbers.blocked_clients);
  page.gauge("valkey_max_clients", "Setting maxclients.", numbers.max_clients);
  page.counter("valkey_connections_received_total", "Connections accepted.", numbers.connections_received);
  page.counter("valkey_connections_rejected_total", "Connections refused because of maxclients.", numbers.connections_rejected);
  page.counter("valkey_commands_processed_total", "Commands carried out.", numbers.commands_processed);
  page.counter("valkey_error_replies_total", "Commands answered with an error.", numbers.error_replies);
  page.gauge("valkey_memory_used_bytes", "Memory allocated by the server.", numbers.memory_used_bytes);
  page.gauge("valkey_memory_resident_bytes", "Resident memory of the server process.", numbers.memory_resident_bytes);
  page.gauge("valkey_memory_max_bytes", "Setting maxmemory; 0 means no limit.", numbers.memory_max_bytes);
  page.counter("valkey_network_input_bytes_total", "Bytes read from the network.", numbers.net_input_bytes);
  page.counter("valkey_network_output_bytes_total", "Bytes written to the network.", numbers.net_output_bytes);
  page.counter("valkey_keyspace_hits_total", "Lookups that found their key.", numbers.keyspace_hits);
  page.counter("valkey_keyspace_misses_total", "Lookups that did not find their key.", numbers.keyspace_misses);
  page.counter("valkey_expired_keys_total", "Keys that ended their time to live.", numbers.expired_keys);
  page.counter("valkey_evicted_keys_total", "Keys removed to stay below maxmemory.", numbers.evicted_keys);
  page.gauge("valkey_keys", "Keys in all databases.", numbers.keys);
  page.gauge("valkey_keys_expiring", "Keys with a time to live.", numbers.keys_expiring);
  page.family("valkey_cpu_seconds_total", "CPU time of the server process, children left out.", MetricType::Counter);
  page.add({{"mode", "system"}}, numbers.cpu_system_seconds);
  page.add({{"mode", "user"}}, numbers.cpu_user_seconds);
}

void add_membership(Page& page, const NodeState& state, const ClusterSummary& cluster, const ServerNumbers& numbers) {
  page.gauge("valkey_cluster_state_ok", "1 while this node's cluster_state is ok.", state.cluster_state_ok ? 1 : 0);
  page.gauge("valkey_cluster_known_nodes", "Nodes in this node's table, itself included.", cluster.known_nodes);
  page.gauge("valkey_cluster_slot_owners", "Primaries with slots in this node's table.", cluster.slot_owners);
  page.family("valkey_cluster_slots", "Slots in this node's table by what it thinks of their owners.", MetricType::Gauge);
  page.add({{"state", "assigned"}}, cluster.slots_assigned);
  page.add({{"state", "ok"}}, cluster.slots_ok);
  page.add({{"state", "suspected"}}, cluster.slots_suspected);
  page.add({{"state", "failed"}}, cluster.slots_failed);
  page.gauge("valkey_cluster_current_epoch", "Highest epoch this node has heard of.", cluster.current_epoch.value);
  page.gauge("valkey_cluster_config_epoch", "Epoch of this node's shard.", state.config_epoch.value);
  page.gauge("valkey_cluster_node_timeout_seconds", "Setting cluster-node-timeout as it is now.", to_seconds(state.node_timeout));
  page.counter("valkey_cluster_bus_messages_sent_total", "Cluster bus messages sent.", numbers.bus_messages_sent);
  page.counter("valkey_cluster_bus_messages_received_total", "Cluster bus messages received.", numbers.bus_messages_received);
  page.family("valkey_node_role", "One-hot: the role of this node.", MetricType::Gauge);
  page.add({{"role", "primary"}}, state.role == Role::kPrimary ? 1 : 0);
  page.add({{"role", "replica"}}, state.role == Role::kReplica ? 1 : 0);
  page.gauge("valkey_node_slots", "Slots that this node owns.", state.slots.count());
  page.gauge("valkey_node_open_slots", "Slots half moved by SETSLOT.", state.open_slots.size());
  page.gauge("valkey_node_fenced", "1 while writes are refused because the node is cut off.", state.fenced ? 1 : 0);
}

void add_replication(Page& page, const NodeState& state, const ServerNumbers& numbers) {
  const Replication& replication = state.replication;
  page.gauge("valkey_replication_offset_bytes", "Replication offset: produced by a primary, applied by a replica.",
             replication.offset_bytes);
  page.counter("valkey_replication_full_syncs_total", "Full syncs served to replicas.", numbers.full_syncs);
  page.counter("valkey_replication_partial_syncs_accepted_total", "Partial syncs served.", numbers.partial_syncs_accepted);
  page.counter("valkey_replication_partial_syncs_refused_total", "Partial syncs that became full ones.", numbers.partial_syncs_refused);
  if (state.role == Role::kReplica) {
    page.gauge("valkey_replication_link_up", "1 while the link to the primary is up.", replication.link_up ? 1 : 0);
    page.gauge("valkey_replication_link_down_seconds", "How long that link has been down.", to_seconds(replication.link_down_for));
    page.gauge("valkey_replication_sync_in_progress", "1 while a full sync is under way.", replication.sync_in_progress ? 1 : 0);
    page.gauge("valkey_replication_synced", "1 when a sync with the present primary was completed.", replication.has_synced ? 1 : 0);
    return;
  }
  page.gauge("valkey_replication_online_replicas", "Replicas that are online.", replication.online_replicas.size());
  if (replication.online_replicas.empty()) return;
  page.family("valkey_replication_replica_lag_bytes", "What a replica has not acknowledged yet.", MetricType::Gauge);
  for (const auto& replica : replication.online_replicas) {
    const auto behind = replication.offset_bytes > replica.offset_bytes ? replication.offset_bytes - replica.offset_bytes : 0;
    page.add({{"replica", to_string(replica.endpoint)}}, behind);
  }
}

void add_readiness(Page& page, const NodeState& state) {
  page.gauge("shardkeeper_agent_ready", "1 while the pod may receive client traffic.", state.readiness.is_ready() ? 1 : 0);
  page.family("shardkeeper_agent_readiness_reason", "One-hot: why the pod is ready or not.", MetricType::Gauge);
  for (int i = 0; i <= static_cast<int>(ReadyReason::kReady); ++i) {
    const auto reason = static_cast<ReadyReason>(i);
    page.add({{"reason", std::string(to_string(reason))}}, state.readiness.reason == reason ? 1 : 0);
  }
}

// Counters hold what ended jobs have moved; the newest job's part of it is in the gauges until it ends.
void add_migration(Page& page, const MigrationCounters& counters, const std::optional<MigrationProgress>& progress) {
  page.family("shardkeeper_migration_jobs_total", "Slot migrations away from this node, by how they ended.", MetricType::Counter);
  page.add({{"result", "done"}}, counters.jobs_done);
  page.add({{"result", "failed"}}, counters.jobs_failed);
  page.add({{"result", "cancelled"}}, counters.jobs_cancelled);
  page.counter("shardkeeper_migration_slots_moved_total", "Slots that ended jobs have moved away.", counters.slots);
  page.counter("shardkeeper_migration_keys_moved_total", "Keys that ended jobs have moved away.", counters.keys);
  page.counter("shardkeeper_migration_bytes_moved_total",
               "What those keys took: as sent by the server's own migration, as estimated by the server for the keys engine.",
               counters.bytes);
  const bool runs = progress && progress->is_running();
  page.gauge("shardkeeper_migration_running", "1 while a job moves slots away.", runs ? 1 : 0);
  if (!runs) return;
  page.gauge("shardkeeper_migration_job_slots", "Slots of the running job.", progress->slots.count());
  page.gauge("shardkeeper_migration_job_slots_done", "Those that the target owns.", progress->slots_done.count());
  page.gauge("shardkeeper_migration_job_keys", "Keys in those slots when the job began.", progress->keys_total);
  page.gauge("shardkeeper_migration_job_keys_done", "Keys moved so far.", progress->keys_done);
  page.gauge("shardkeeper_migration_job_bytes_done",
             "What those took: as sent by the server's own migration, as estimated by the server for the keys engine.",
             progress->bytes_done);
}

void add_agent(Page& page, const AgentCore& core, const OwnCost& cost) {
  const CoreCounters& counters = core.counters();
  page.counter("shardkeeper_agent_cpu_seconds_total", "CPU time of the agent.", cost.cpu_seconds);
  page.gauge("shardkeeper_agent_resident_memory_bytes", "Resident memory of the agent.", cost.resident_bytes);
  page.gauge("shardkeeper_agent_scrape_duration_seconds", "What building the previous page took.", cost.last_scrape_seconds);
  page.counter("shardkeeper_agent_samples_total", "Rounds of questions to the server.", counters.rounds);
  page.counter("shardkeeper_agent_sample_failures_total", "Rounds without an answer that could be used.", counters.rounds_failed);
  page.counter("shardkeeper_agent_commands_total", "Commands taken from coordinator and peers.", counters.commands);
  page.counter("shardkeeper_agent_command_failures_total", "Commands that ended with an error.", counters.commands_failed);
  page.counter("shardkeeper_agent_readiness_changes_total", "Changes of the readiness reason.", counters.readiness_changes);
  page.gauge("shardkeeper_agent_fence_token", "Highest fence token seen.", core.state().token_max.value);
}

}  // namespace

OwnCost read_own_cost() {
  OwnCost cost;
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) cost.cpu_seconds = to_seconds(usage.ru_utime) + to_seconds(usage.ru_stime);
  std::uint64_t pages_total = 0;
  std::uint64_t pages_resident = 0;
  if (std::ifstream statm("/proc/self/statm"); statm >> pages_total >> pages_resident)
    cost.resident_bytes = pages_resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return cost;
}

std::string metrics_text(const AgentCore& core, const OwnCost& cost) {
  Page page;
  const NodeState& state = core.state();
  const bool is_up = state.condition == ServerCondition::kUp || state.condition == ServerCondition::kLoading;
  page.gauge("valkey_up", "1 while the server answers.", is_up ? 1 : 0);
  if (is_up && core.memory().detail() != nullptr) {
    const ServerNumbers& numbers = core.memory().detail()->numbers;
    add_server(page, state, numbers);
    add_membership(page, state, core.memory().round()->cluster, numbers);
    add_replication(page, state, numbers);
  }
  add_readiness(page, state);
  add_migration(page, core.migration_counters(), state.migration);
  add_agent(page, core, cost);
  return page.text();
}

}  // namespace shardkeeper::agent
