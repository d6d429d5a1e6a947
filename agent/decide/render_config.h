// From what a pod was told and the version of its server: server.conf and users.acl. Pure.
#pragma once

#include "common/error/result.h"
#include "common/types/endpoint.h"
#include "common/types/names.h"
#include "common/types/server_version.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace shardkeeper::agent {

// A user of the server with a password that we made.
struct Login {
  std::string user;
  std::string password;  // letters and digits only

  bool operator==(const Login&) const = default;
};

// What `prepare` was told about the pod; file `settings` on the volume.
struct ServerSettings {
  PodName pod;                        // announced as the human node name
  std::string zone;                   // "" where not known
  std::string cluster_uid;            // of the ValkeyCluster object
  Endpoint announce;                  // the server binds to this address only
  std::uint64_t maxmemory_bytes = 0;  // 0: no limit. A maxmemory in `config` wins
  Login replication;                  // one per cluster: keeps foreign servers out of its replication
  std::string users_file;             // with the user's users; the default user is then off unless it is among them. "": there is none
  std::string tls_folder;             // with ca.crt, tls.crt and tls.key, as the server's container sees it; "": plain text
  std::string tls_clients = "yes";    // whether clients must show a certificate, in the server's words: yes, optional, no
  std::chrono::milliseconds node_timeout{5000};
  int min_replicas_to_write = 0;
  std::map<std::string, std::string>
      config;  // the user's; cluster-node-timeout and min-replicas-to-write in it are overruled by the two above

  bool operator==(const ServerSettings&) const = default;
};

struct RenderInput {
  ServerSettings settings;
  Login agent;             // the agent's own administrator, see kAgentUser
  std::string volume_dir;  // absolute, as the server's container sees it
};

struct RenderedConfig {
  std::string server_conf;
  std::string users_acl;

  bool operator==(const RenderedConfig&) const = default;
};

inline constexpr std::string_view kAgentUser = "shardkeeper";
inline constexpr std::string_view kReplicationUser = "shardkeeper-replication";
inline constexpr std::uint16_t kServerPort = 6379;

// The cluster bus port of every server of one cluster: 20000..29999 by a stable hash of the object's UID, so that a foreign server that
// gets the address of a dead one is most likely not even heard.
std::uint16_t bus_port_of(std::string_view cluster_uid);

// Only directives that `version` knows are written: an unknown one stops a server.
// ERRORS kInvalid, naming the setting and the reason: an unsupported version; a refused setting in the user's config; a name, address or
// password that cannot be written into the files.
Result<RenderedConfig> render_config(const RenderInput& input, const ServerVersion& version);

// `text` as one argument of valkey.conf: as it is where it is a plain word, else in quotes with quotes, backslashes and all bytes outside
// printable ASCII escaped.
std::string conf_argument(std::string_view text);

}  // namespace shardkeeper::agent
