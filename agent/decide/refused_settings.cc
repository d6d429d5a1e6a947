#include "agent/decide/refused_settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace shardkeeper::agent {
namespace {

using Rule = RefusedName;

constexpr std::string_view kGate = "Shardkeeper starts the server itself, in the foreground and behind the start gate";
constexpr std::string_view kPlace = "files and addresses of the server follow from its pod";
constexpr std::string_view kMemoryOnly = "nothing is persisted: a restarted server starts empty and is filled by its shard";
constexpr std::string_view kReplication = "Shardkeeper decides who replicates whom, and how";
constexpr std::string_view kCluster = "this part of the cluster's behaviour is what Shardkeeper relies on and sets itself";
constexpr std::string_view kOneDatabase = "slots are counted and moved in database 0: keys of another one would be lost in a move";
constexpr std::string_view kUsers = "users and passwords are rendered together into one ACL file by Shardkeeper";
constexpr std::string_view kDoor = "it would open what Shardkeeper keeps shut on a server with clients";
constexpr std::string_view kTls = "ports and links of the server are Shardkeeper's; TLS is asked for in spec.tls";
constexpr std::string_view kOldName = "write the setting by its present name, min-replicas-to-write";

constexpr std::array kRules{
    Rule{"daemonize", kGate},
    Rule{"supervised", kGate},
    Rule{"include", "settings come from the manifest alone; put them there"},
    Rule{"logfile", "the server logs to its standard output"},
    Rule{"shutdown-on-sigterm", kGate},

    Rule{"dir", kPlace},
    Rule{"port", kPlace},
    Rule{"bind", kPlace},
    Rule{"bind-source-addr", kPlace},
    Rule{"protected-mode", kPlace},
    Rule{"unixsocket*", kPlace},
    Rule{"availability-zone", "the zone follows from the pod's worker"},

    Rule{"save", kMemoryOnly},
    Rule{"appendonly", kMemoryOnly},

    Rule{"replicaof", kReplication},
    Rule{"slaveof", kReplication},
    Rule{"primaryuser", kReplication},
    Rule{"primaryauth", kReplication},
    Rule{"masteruser", kReplication},
    Rule{"masterauth", kReplication},
    Rule{"replica-announce-*", kReplication},
    Rule{"slave-announce-*", kReplication},
    Rule{"replica-announced", kReplication},
    Rule{"replica-read-only", kReplication},
    Rule{"slave-read-only", kReplication},
    Rule{"repl-diskless-*", kReplication},
    Rule{"min-slaves-to-write", kOldName},

    Rule{"cluster-enabled", kCluster},
    Rule{"cluster-databases", kOneDatabase},
    Rule{"cluster-config-file", kCluster},
    Rule{"cluster-config-save-behavior", kCluster},
    Rule{"cluster-port", kCluster},
    Rule{"cluster-announce-*", kCluster},
    Rule{"cluster-preferred-endpoint-type", kCluster},
    Rule{"cluster-require-full-coverage", kCluster},
    Rule{"cluster-allow-replica-migration", kCluster},
    Rule{"cluster-migration-barrier", kCluster},
    Rule{"cluster-replica-validity-factor", kCluster},
    Rule{"cluster-slave-validity-factor", kCluster},
    Rule{"cluster-replica-no-failover", kCluster},
    Rule{"cluster-slave-no-failover", kCluster},
    Rule{"cluster-slot-stats-enabled", kCluster},
    Rule{"cluster-manual-failover-timeout", kCluster},
    Rule{"cluster-blacklist-ttl", kCluster},
    Rule{"cluster-ping-interval", kCluster},

    Rule{"aclfile", kUsers},
    Rule{"user", kUsers},
    Rule{"requirepass", kUsers},

    Rule{"rename-command", "Shardkeeper's own commands must keep their names; take commands away by ACL"},
    Rule{"enable-debug-command", kDoor},
    Rule{"enable-module-command", kDoor},
    Rule{"enable-protected-configs", kDoor},

    Rule{"tls-port", kTls},
    Rule{"tls-replication", kTls},
    Rule{"tls-cluster", kTls},
    Rule{"tls-auth-clients", kTls},
    Rule{"tls-auto-reload-interval", kTls},
    Rule{"tls-cert-file", kTls},
    Rule{"tls-key-*", kTls},
    Rule{"tls-client-*", kTls},
    Rule{"tls-ca-*", kTls},
};

bool matches(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool is_setting_name(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && name.size() <= 64 && name.front() != '-' && std::ranges::all_of(name, fits);
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::optional<std::string> not_between(std::string_view value, int least, int most, std::string_view unit) {
  int number = 0;
  const auto [stopped, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (failed == std::errc{} && stopped == value.data() + value.size() && number >= least && number <= most) return std::nullopt;
  return "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most) + std::string(unit);
}

std::optional<std::string> reason_against(const std::string& name, const std::string& value) {
  if (!is_setting_name(name)) return "is not the name of a server setting (letters, digits and dashes, at most 64)";
  if (const auto rule = std::ranges::find_if(kRules, [&](const Rule& r) { return matches(r.name, name); }); rule != kRules.end())
    return std::string(rule->reason);
  if (has_control_character(value)) return "its value has a line break or another control character; a setting is one line";
  if (value.size() > kSettingValueLengthMax) return "its value is longer than " + std::to_string(kSettingValueLengthMax) + " bytes";
  if (name == kNodeTimeoutSetting) return not_between(value, kNodeTimeoutMinMs, kNodeTimeoutMaxMs, " (milliseconds)");
  if (name == kMinReplicasSetting) return not_between(value, 0, kMinReplicasMax, " (255 is Shardkeeper's fence)");
  return std::nullopt;
}

}  // namespace

std::span<const RefusedName> refused_names() { return kRules; }

std::string canonical_setting_name(std::string_view name) {
  std::string lower(name);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::vector<RefusedSetting> refused_settings(const std::map<std::string, std::string>& config) {
  std::vector<RefusedSetting> refused;
  std::map<std::string, std::string> seen;  // canonical name → as written first
  for (const auto& [written, value] : config) {
    const std::string name = canonical_setting_name(written);
    const auto [first, is_new] = seen.emplace(name, written);
    if (!is_new)
      refused.push_back({written, "is the same setting as " + first->second + "; keep one of them"});
    else if (auto reason = reason_against(name, value))
      refused.push_back({written, *std::move(reason)});
  }
  return refused;
}

}  // namespace shardkeeper::agent
