#include "agent/core/live_settings.h"

#include "common/valkey/error_map.h"

#include <optional>

namespace shardkeeper::agent {
namespace {

// The server's words for what only its configuration file can say.
bool is_read_at_start_only(std::string_view words) {
  return words.find("immutable config") != std::string_view::npos || words.find("protected config") != std::string_view::npos;
}

}  // namespace

struct LiveSettings::Pass {
  ServerSettingMap wanted;
  Done done;
  std::size_t missing = 0;  // replies
  bool has_set = false;
  std::map<std::string, SettingNotInForce> not_in_force;
  std::optional<Error> failure;  // nothing is known then
};

void LiveSettings::granted(const ServerSettingMap& rendered) {
  process_ended();
  hash_ = hash_settings(rendered);
  process_started(rendered);
}

void LiveSettings::process_started(const ServerSettingMap& rendered) {
  rendered_ = rendered;
  for (const auto& [name, value] : rendered) told_.insert(name);
}

void LiveSettings::process_ended() {
  hash_ = 0;
  rendered_.clear();
  told_.clear();
  not_in_force_.clear();
}

void LiveSettings::apply(const ServerSettingMap& wanted, const Done& done) {
  if (is_applying_) return done(unavailable("apply-settings", "an earlier one is under way"));
  is_applying_ = true;
  const auto pass = std::make_shared<Pass>();  // shared by the replies
  pass->wanted = wanted;
  pass->done = done;
  if (wanted.empty()) return finish(*pass);
  Arguments question{"CONFIG", "GET"};
  for (const auto& [name, value] : wanted) question.push_back(name);
  const auto failed = [this, pass](const Result<command::Outcome>& outcome) {
    pass->failure = outcome.error();
    finish(*pass);
  };
  steps_.ask(std::move(question), failed, [this, pass](const valkey::Reply& values) { set_those_that_differ(pass, values); });
}

void LiveSettings::set_those_that_differ(const std::shared_ptr<Pass>& pass, const valkey::Reply& values) {
  const ServerSettingMap differing = differing_settings(values, pass->wanted);
  pass->missing = differing.size();
  if (differing.empty()) return finish(*pass);
  for (const auto& [name, value] : differing)
    server_.call({"CONFIG", "SET", name, value}, [this, pass, name = name, alive = alive_.watch()](const Result<valkey::Reply>& reply) {
      if (alive.expired()) return;
      heed(*pass, name, reply);
      if (--pass->missing == 0) finish(*pass);
    });
}

void LiveSettings::heed(Pass& pass, const std::string& name, const Result<valkey::Reply>& reply) const {
  if (!reply) {
    pass.failure = reply.error();
    return;
  }
  if (!reply->is_error()) {
    pass.has_set = true;
    return;
  }
  const Error error = valkey::to_error("CONFIG SET " + name, reply->text);
  if (error.kind != ErrorKind::kRefused) {  // loading, or no memory just now
    pass.failure = error;
    return;
  }
  const bool needs_new_server = is_read_at_start_only(reply->text);
  // The server writes some values otherwise than it was told them: "1gb" as 1073741824.
  const auto at_start = rendered_.find(name);
  if (needs_new_server && at_start != rendered_.end() && at_start->second == pass.wanted.at(name)) return;
  pass.not_in_force[name] = {name, needs_new_server, error.detail};
}

void LiveSettings::finish(Pass& pass) {
  is_applying_ = false;
  if (pass.failure) return pass.done(*pass.failure);
  const bool is_same = !pass.has_set && hash_ == hash_settings(pass.wanted);
  for (const auto& name : told_)
    if (!pass.wanted.contains(name))
      pass.not_in_force[name] = {name, true, "it is not in the spec any more, and a running server keeps the value that it has"};
  for (const auto& [name, value] : pass.wanted)
    if (!pass.not_in_force.contains(name)) told_.insert(name);
  not_in_force_.clear();
  for (const auto& [name, setting] : pass.not_in_force) not_in_force_.push_back(setting);
  hash_ = hash_settings(pass.wanted);
  pass.done(command::Outcome{.already_so = is_same, .ticket = {}});
}

}  // namespace shardkeeper::agent
