// The production Volume: a folder that prepare, agent, launch and server share. Files and their owners: volume_layout.h.
#pragma once

#include "agent/decide/render_config.h"
#include "agent/io/lock_watch.h"
#include "agent/io/pod_volume_watch.h"
#include "agent/volume.h"

#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace shardkeeper::agent {

// THREAD the loop's. REQUIRES `loop` and `scheduler` outlive it; volume folder and paths as the server's container sees them.
class PodVolume final : public Volume {
 public:
  // ERRORS kInvalid: never prepared, or a file that only Shardkeeper writes is damaged; kUnavailable: disk.
  // `look_every`: how often the gate is looked at without any sign of a change.
  static Result<std::unique_ptr<PodVolume>> open(boost::asio::io_context& loop, Scheduler& scheduler, const std::filesystem::path& folder,
                                                 Duration look_every = std::chrono::seconds(1));

  GateState gate() const override;
  void on_gate_change(std::function<void()> changed) override { changed_ = std::move(changed); }
  Result<void> grant(const StartId& id, const std::string& evidence) override;
  FenceToken token() const override { return token_; }
  Result<void> keep_token(FenceToken token) override;
  void keep_life(const LastLife& life) override;
  std::optional<LastLife> last_life() const override;
  std::string launch_error() const override;

  // What the agent logs in with at its server, and what it was told. As of opening; settings are read anew at every grant.
  const Login& agent_login() const { return login_; }
  const ServerSettings& settings() const { return settings_; }
  ServerSettingMap user_settings() const override { return settings_.config; }

 private:
  PodVolume(Scheduler& scheduler, std::filesystem::path folder, Login login, ServerSettings settings, FenceToken token);
  Result<void> write_config(const ServerVersion& version);
  void look();

  Scheduler& scheduler_;
  const std::filesystem::path folder_;
  const Login login_;
  const ServerSettings settings_;
  FenceToken token_;
  GateState seen_;  // both as of the last look
  std::string seen_error_;
  std::function<void()> changed_;
  std::unique_ptr<LockWatch> lock_;
  std::unique_ptr<PodVolumeWatch> watch_;
};

}  // namespace shardkeeper::agent
