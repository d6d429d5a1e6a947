// What the agent's HTTP server shows: /readyz, /livez, /metrics.
#pragma once

#include "agent/core/agent_core.h"
#include "common/http/http_server.h"

namespace shardkeeper::agent {

// THREAD the loop's. REQUIRES `core` outlives it.
class HealthPages {
 public:
  explicit HealthPages(const AgentCore& core) : core_(core) {}

  // /readyz   200 or 503; "Ready: primary of 5461 slots" as text, or as JSON with `Accept: application/json` or `?format=json`
  // /livez    200 for as long as the agent's loop turns; never about the server
  // /metrics  Prometheus text
  http::HttpResponse answer(const http::HttpRequest& request);

 private:
  http::HttpResponse readiness(const http::HttpRequest& request) const;
  http::HttpResponse metrics();

  const AgentCore& core_;
  double last_scrape_seconds_ = 0;
};

}  // namespace shardkeeper::agent
