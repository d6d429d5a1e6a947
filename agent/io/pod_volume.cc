#include "agent/io/pod_volume.h"

#include "agent/io/gate_files.h"
#include "agent/io/pod_volume_life.h"
#include "agent/io/pod_volume_settings.h"
#include "agent/io/volume_files.h"
#include "agent/io/volume_layout.h"
#include "common/log/log.h"
#include "common/time/wall_clock.h"
#include "common/tls/server_identity.h"

#include <charconv>

namespace shardkeeper::agent {
namespace {

// None seen yet: 0. ERRORS kInvalid where the file is not ours: taking it for 0 would let an old coordinator command.
Result<FenceToken> read_token(const std::filesystem::path& path) {
  const auto text = read_small_file(path, 64);
  if (!text && text.error().kind == ErrorKind::kNotFound) return FenceToken{};
  if (!text) return text.error();
  FenceToken token;
  const char* const end = text->data() + text->size();
  const auto [stopped, failed] = std::from_chars(text->data(), end, token.value);
  if (failed != std::errc{} || stopped + 1 != end || *stopped != '\n')
    return invalid(path.string(), "is damaged: expected the highest fence token seen; replace the pod");
  return token;
}

}  // namespace

Result<std::unique_ptr<PodVolume>> PodVolume::open(boost::asio::io_context& loop, Scheduler& scheduler, const std::filesystem::path& folder,
                                                   Duration look_every) {
  auto login = read_agent_login(folder);
  if (!login) return login.error();
  auto settings = read_settings(folder);
  if (!settings) return settings.error();
  const auto token = read_token(folder / layout::kToken);
  if (!token) return token.error();
  std::unique_ptr<PodVolume> volume(new PodVolume(scheduler, folder, *std::move(login), *std::move(settings), *token));
  auto lock = LockWatch::open(folder / layout::kLock, scheduler, [self = volume.get()] { self->look(); });
  if (!lock) return lock.error();
  volume->lock_ = *std::move(lock);
  volume->watch_ = std::make_unique<PodVolumeWatch>(loop, scheduler, folder, look_every, [self = volume.get()] { self->look(); });
  volume->seen_ = volume->gate();
  volume->seen_error_ = volume->launch_error();
  return volume;
}

PodVolume::PodVolume(Scheduler& scheduler, std::filesystem::path folder, Login login, ServerSettings settings, FenceToken token)
    : scheduler_(scheduler), folder_(std::move(folder)), login_(std::move(login)), settings_(std::move(settings)), token_(token) {}

// The grant is read before the lock: launch takes the lock first and then removes the grant, so in the other order a start in between would
// look like "lock free, no grant", the mark of the dead.
GateState PodVolume::gate() const {
  const auto granted = read_grant(folder_);
  GateState state;
  state.request = read_request(folder_);
  state.start_granted = granted && state.request && *granted == state.request->id;
  state.lock_held = lock_->is_held();
  return state;
}

void PodVolume::look() {
  GateState now = gate();
  std::string error = launch_error();
  if (now == seen_ && error == seen_error_) return;
  seen_ = std::move(now);
  seen_error_ = std::move(error);
  if (changed_) changed_();
}

Result<void> PodVolume::grant(const StartId& id, const std::string& evidence) {
  const GateState now = gate();
  if (!now.request) return refused("start " + id.value, "nothing waits at the gate");
  if (now.request->id != id) return refused("start " + id.value, "is not the newest request; that is " + now.request->id.value);
  if (now.lock_held) return refused("start " + id.value, "a server runs (its lock is held)");
  if (now.start_granted) return {};
  if (auto written = write_config(now.request->version); !written) return written;
  return write_grant(folder_, id, evidence);
}

Result<void> PodVolume::write_config(const ServerVersion& version) {
  const auto settings = read_settings(folder_);
  if (!settings) return settings.error();
  // A server that cannot use its certificate would end at once, with the reason in its log only.
  if (!settings->tls_folder.empty())
    if (const auto usable = tls::read_server_identity(settings->tls_folder, wall_clock(scheduler_)); !usable) return usable.error();
  const auto config = render_config({*settings, login_, folder_.string()}, version);
  if (!config) return config.error();
  if (auto written = replace_file(folder_ / layout::kUsersAcl, config->users_acl); !written) return written;
  return replace_file(folder_ / layout::kServerConf, config->server_conf);
}

Result<void> PodVolume::keep_token(FenceToken token) {
  if (token <= token_) return {};
  if (auto written = replace_file_durably(folder_ / layout::kToken, std::to_string(token.value) + "\n"); !written) return written;
  token_ = token;
  return {};
}

void PodVolume::keep_life(const LastLife& life) {
  if (auto written = replace_file(folder_ / layout::kLife, life_text(life)); !written)
    log::warn("cannot keep what is known of the server", {{"reason", to_string(written.error())}});
}

std::optional<LastLife> PodVolume::last_life() const { return read_last_life(folder_); }

std::string PodVolume::launch_error() const {
  const auto text = read_small_file(folder_ / layout::kLaunchError, layout::kGateFileBytesMax);
  return text ? text->substr(0, text->find('\n')) : std::string();
}

}  // namespace shardkeeper::agent
