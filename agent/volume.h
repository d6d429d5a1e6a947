// The pod's shared volume as the agent sees it: what outlives an agent, and the gate's files. Production: agent/io/pod_volume.h.
#pragma once

#include "common/error/result.h"
#include "common/node/node_state.h"
#include "common/types/epoch.h"

#include <functional>
#include <optional>
#include <string>

namespace shardkeeper::agent {

// THREAD the loop's thread. Small local files: calls may block for the time of a file system operation.
class Volume {
 public:
  virtual ~Volume() = default;

  // Lock, request and grant as they are now.
  virtual GateState gate() const = 0;
  // Called on the loop after the lock was freed or taken, or a request was written.
  virtual void on_gate_change(std::function<void()> changed) = 0;

  // Renders server.conf and users.acl for the request's version, then writes the grant. ERRORS kRefused: newest request has
  // another id, or the lock is held; kInvalid: settings that cannot be rendered; kUnavailable: disk.
  virtual Result<void> grant(const StartId& id, const std::string& evidence) = 0;

  // The user's settings that a grant renders.
  virtual ServerSettingMap user_settings() const { return {}; }

  // Highest fence token seen. keep_token returns only after fsync. ERRORS kUnavailable: disk; then the command must be refused.
  virtual FenceToken token() const = 0;
  virtual Result<void> keep_token(FenceToken token) = 0;

  // What the agent last knew of the running process; written when it changes, read when the process is gone.
  virtual void keep_life(const LastLife& life) = 0;
  // The process that ran last: keep_life's, checked against nodes.conf (or last/nodes.conf); its node id alone where only that
  // is known. None: no server ever ran here.
  virtual std::optional<LastLife> last_life() const = 0;

  // Why `launch` cannot even ask for a start (server missing, disk full …), one line; "" when it could the last time.
  virtual std::string launch_error() const { return {}; }
};

}  // namespace shardkeeper::agent
