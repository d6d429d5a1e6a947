#include "agent/io/health_pages.h"

#include "agent/io/metrics.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>

namespace shardkeeper::agent {
namespace {

bool wants_json(const http::HttpRequest& request) {
  return request.accept.find("application/json") != std::string::npos ||
         ("&" + request.query + "&").find("&format=json&") != std::string::npos;
}

std::string as_json(const NodeState& state) {
  boost::json::object page;
  page["ready"] = state.readiness.is_ready();
  page["reason"] = to_string(state.readiness.reason);
  page["detail"] = state.readiness.detail;
  page["pod"] = state.pod.value;
  page["server"] = to_string(state.condition);
  if (state.node_id) {
    page["nodeId"] = state.node_id->str();
    page["role"] = state.role == Role::kPrimary ? "primary" : "replica";
    page["slots"] = to_string(state.slots);
  }
  return boost::json::serialize(page) + "\n";
}

}  // namespace

http::HttpResponse HealthPages::answer(const http::HttpRequest& request) {
  if (request.path == "/readyz") return readiness(request);
  if (request.path == "/livez") return {200, "text/plain; charset=utf-8", "alive\n"};
  if (request.path == "/metrics") return metrics();
  return {404, "text/plain; charset=utf-8", "not found; there are /readyz, /livez and /metrics\n"};
}

http::HttpResponse HealthPages::readiness(const http::HttpRequest& request) const {
  const NodeState& state = core_.state();
  const int status = state.readiness.is_ready() ? 200 : 503;
  if (wants_json(request)) return {status, "application/json", as_json(state)};
  return {status, "text/plain; charset=utf-8", std::string(to_string(state.readiness.reason)) + ": " + state.readiness.detail + "\n"};
}

http::HttpResponse HealthPages::metrics() {
  const auto begin = std::chrono::steady_clock::now();
  OwnCost cost = read_own_cost();
  cost.last_scrape_seconds = last_scrape_seconds_;
  http::HttpResponse response{200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(core_, cost)};
  last_scrape_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return response;
}

}  // namespace shardkeeper::agent
