// What /metrics says, built from the newest sample: a scrape asks the server nothing.
#pragma once

#include "agent/core/agent_core.h"

#include <string>

namespace shardkeeper::agent {

// What this process costs, from the kernel.
struct OwnCost {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;
  double last_scrape_seconds = 0;  // what building the previous answer took
};
OwnCost read_own_cost();

// Prometheus text format. Names: valkey_… is about the server, shardkeeper_agent_… about the agent. Series that exist only while the
// server was sampled (valkey_… but valkey_up) are left out until then.
std::string metrics_text(const AgentCore& core, const OwnCost& cost);

}  // namespace shardkeeper::agent
