// The composition root of `shardkeeper-agent run`: the one file that knows all concrete classes. Decides nothing.
#pragma once

#include "common/error/result.h"
#include "common/types/names.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace shardkeeper::agent {

inline constexpr std::uint16_t kAgentRpcPort = 9780;
inline constexpr std::uint16_t kAgentHttpPort = 9781;
inline constexpr std::chrono::seconds kJobCallTimeout{60};  // of the connections that move slots

struct AgentOptions {
  std::filesystem::path volume;  // made ready by `prepare`
  PodName pod;
  ClusterName cluster;
  std::filesystem::path identity;  // folder with the agent's certificate; "": tls in the volume
  std::string ip;                  // both listeners; "": the address that `prepare` was told
  std::uint16_t rpc_port = kAgentRpcPort;
  std::uint16_t http_port = kAgentHttpPort;
  std::chrono::milliseconds hung_after{30'000};
  // As an ordinary container the agent gets SIGTERM together with its server, and must stay until that has handed over and ended.
  enum class OnTerm { kEnd, kStayUntilServerEnds } on_term = OnTerm::kEnd;
};

// THREAD the loop's.
class Agent {
 public:
  // ERRORS kInvalid: volume never prepared or damaged, certificates; kNotFound: certificates; kUnavailable: an address is taken, disk.
  static Result<std::unique_ptr<Agent>> start(boost::asio::io_context& loop, const AgentOptions& options);

  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  bool server_lives() const;

 private:
  class Impl;
  explicit Agent(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Runs until SIGINT, or SIGTERM by `on_term`. ERRORS as of Agent::start.
Result<void> run_agent(const AgentOptions& options);

}  // namespace shardkeeper::agent
