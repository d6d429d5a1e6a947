// One valkey-server as its agent talks to it. Production: a unix socket (connection.h). Simulator: a model in memory.
#pragma once

#include "common/error/result.h"
#include "common/valkey/reply.h"

#include <functional>
#include <string>
#include <vector>

namespace shardkeeper::valkey {

// THREAD all on the loop's thread. Replies come in the order of the calls. No callback comes after destruction.
class ServerPort {
 public:
  virtual ~ServerPort() = default;

  // `done` gets the reply, an error reply of the server included; never from inside call().
  // ERRORS kUnavailable: not connected or too many calls pending (nothing was sent); kUnknownOutcome: sent, but the connection ended or
  // the time ran out before a reply; kInvalid: the reply broke a bound or the protocol; kRefused: a command that cannot be called here.
  using Done = std::function<void(Result<Reply>)>;
  virtual void call(std::vector<std::string> arguments, Done done) = 0;

  // How many calls were sent to the server so far, logins included: what it has done besides was for others.
  virtual std::uint64_t calls_made() const = 0;

  virtual bool is_connected() const = 0;
  // Called on every change of is_connected(). Connected means: the socket is open and the login was accepted.
  virtual void on_connection(std::function<void(bool connected)> changed) = 0;

  // A hint that the server has just been started: a reconnect that waits for its back-off happens now. Nothing while connected.
  virtual void reconnect_now() {}
};

}  // namespace shardkeeper::valkey
