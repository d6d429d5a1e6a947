// How often the agent asks its server, and how much. Pure.
#pragma once

#include "common/time/scheduler.h"

#include <optional>

namespace shardkeeper::agent {

// kLight: INFO replication, persistence and CLUSTER INFO (about 30 us of the server's time). kFull: everything, CLUSTER NODES
// included (about 0.2 ms, most of it a scan of 16,384 slots).
enum class Depth { kLight, kFull };

struct PaceInput {
  bool is_settled = false;                 // Ready, no sync under way, no open slot
  Duration since_change{0};                // since anything but counters changed, or a command was carried out
  std::optional<Duration> since_failover;  // since this node was told to fail over, or gave away its ticket
  Duration since_full{0};                  // since the last full round
  int nodes = 0;                           // rows of its newest CLUSTER NODES
  Duration round_cost{0};                  // what the last round took of the agent's own time
  Duration round_time{0};                  // from its question to its end
};

struct Pace {
  Duration interval;
  Depth depth = Depth::kLight;

  bool operator==(const Pace&) const = default;
};

// Rules, first match wins:
//   within 1 s of a failover's start                   every 10 ms, full: its end is what everybody waits for
//   not settled, within 2 s of the last change         every 10 ms: creation is a chain of such waits
//     and full when the last one is 30 ms old, or 4 ms a node, at most 1 s
//   not settled, within 10 s of it                     every 50 ms
//   not settled, longer                                every 200 ms
//     and full when the last one is 100 ms old
//   What a server waits for itself shows in a light round, and so does much of what it learns of others (a light round whose summary moved
//     becomes a full one); but not that a handshake ended, nor that another node became a replica.
//     Never more often than once in 2 ms a node (500 ms): while N nodes are being made each sees a table of its own, and the coordinator reads N rows
//     of each. Nor, up to 100 ms, than 8 x round_time: where answers are slow the machine is busy, and questions make it slower (50 nodes on
//     two cores asked five times as often as anything changed, and took twice as long).
//   settled, within 3 s of the last change             every 100 ms, full: the rest of the cluster is still changing
//   else                                               every 1 s, light; full when the last one is 5 s old
// Never more often than 20 x round_cost: a table of a thousand nodes must not cost more than 5 % of a core.
Pace decide_pace(const PaceInput& input);

}  // namespace shardkeeper::agent
