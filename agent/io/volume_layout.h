// The pod's shared volume, file by file. Depends on nothing: `launch` uses it, too.
#pragma once

namespace shardkeeper::agent::layout {

// The start gate. All lie directly in the volume's folder.
inline constexpr char kLock[] = "lock";                 // made once by prepare, never replaced: record-locked for as long as a server lives
inline constexpr char kRequest[] = "request";           // launch: "<start id> <version>\n"; unlinked once it has the lock
inline constexpr char kGrant[] = "grant";               // agent: "<start id>\n<evidence>\n"; unlinked by launch once it has the lock
inline constexpr char kLaunchError[] = "launch-error";  // launch: why it could not ask for a start, one line; gone once it could
inline constexpr char kLaunch[] = "launch";             // the program itself, copied by prepare

// The server's.
inline constexpr char kServerConf[] = "server.conf";  // agent: rendered at every grant
inline constexpr char kUsersAcl[] = "users.acl";      // agent: rendered at every grant
inline constexpr char kNodesConf[] = "nodes.conf";    // server: of the process that runs or ran last
inline constexpr char kLastFolder[] = "last";         // launch: nodes.conf of the process before moves here
inline constexpr char kLastNodesConf[] = "last/nodes.conf";
inline constexpr char kServerSocket[] = "valkey.sock";  // server

// The agent's.
inline constexpr char kSettings[] = "settings";       // prepare: what the pod was told (JSON)
inline constexpr char kSecrets[] = "secrets";         // prepare: the agent's login, made once (JSON, mode 0600)
inline constexpr char kToken[] = "token";             // agent: highest fence token seen
inline constexpr char kLife[] = "life";               // agent: what it last knew of the running process (JSON)
inline constexpr char kAgentSocket[] = "agent.sock";  // agent: `launch stop` asks here

// Written by the platform.
inline constexpr char kTlsFolder[] = "tls";
inline constexpr char kTlsCa[] = "tls/ca.crt";
inline constexpr char kTlsCertificate[] = "tls/tls.crt";
inline constexpr char kTlsKey[] = "tls/tls.key";

// A start id is this many lower-case hexadecimal digits.
inline constexpr int kStartIdLength = 32;
// Gate files are never longer; a reader stops here.
inline constexpr int kGateFileBytesMax = 4096;

}  // namespace shardkeeper::agent::layout
