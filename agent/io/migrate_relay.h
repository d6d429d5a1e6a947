// The relay of agent/migrate over TCP: listens on 127.0.0.1, which only this pod's processes reach, on a port that the kernel chooses.
#pragma once

#include "agent/migrate/relay.h"
#include "common/tls/identity.h"

#include <boost/asio/io_context.hpp>

namespace shardkeeper::agent {

// Passes on logins and keys of whoever connects, so it gives nobody a right: the target asks for the login. THREAD the loop's.
class MigrateRelay final : public Relay {
 public:
  // `identity`: of the servers, where they use TLS among each other; null: plain text.
  // ERRORS kUnavailable: no port, `target` is no address, or the identity cannot be used. REQUIRES `loop` outlives it.
  static Result<std::unique_ptr<Relay>> open(boost::asio::io_context& loop, const Endpoint& target, RelayKind kind,
                                             const tls::Identity* identity);

  ~MigrateRelay() override;
  MigrateRelay(const MigrateRelay&) = delete;
  MigrateRelay& operator=(const MigrateRelay&) = delete;

  void cut() override;
  Endpoint endpoint() const override;

 private:
  class Impl;
  explicit MigrateRelay(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with its operations under way
};

}  // namespace shardkeeper::agent
