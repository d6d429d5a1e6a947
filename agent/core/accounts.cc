#include "agent/core/accounts.h"

namespace shardkeeper::agent {

using valkey::Reply;

struct Accounts::Pass {
  Users users;
  std::size_t missing = 0;  // replies
  bool is_lost = false;     // the server could not be asked for one: all again at the next look
  std::string trouble;      // the first
};

void Accounts::want(const Result<std::string>& text) {
  is_wanted_ = true;
  const auto users = text ? parse_users(*text) : Result<Users>(text.error());
  file_trouble_ = users ? "" : to_string(users.error());
  if (users) wanted_ = *users;
  changed_();
}

void Accounts::process_ended() {
  told_.reset();
  are_set_ = false;
  server_trouble_.clear();
}

void Accounts::look() {
  if (!wanted_ || is_setting_ || told_ == wanted_) return;
  is_setting_ = true;
  const auto pass = std::make_shared<Pass>();  // shared by the replies
  pass->users = *wanted_;
  const auto failed = [this](const Result<command::Outcome>&) { is_setting_ = false; };
  steps_.ask({"ACL", "USERS"}, failed, [this, pass](const Reply& present) { set(pass, present); });
}

// Users of the file first: whoever is renamed there is never without a name.
void Accounts::set(const std::shared_ptr<Pass>& pass, const Reply& present) {
  std::vector<std::pair<std::string, Arguments>> calls;  // what to say of an error → the call
  for (const auto& [name, user] : pass->users) {
    Arguments call{"ACL", "SETUSER", name, "reset"};
    call.insert(call.end(), user.rules.begin(), user.rules.end());
    calls.emplace_back("line " + std::to_string(user.line) + ": user " + name, std::move(call));
  }
  for (const auto& user : present.items)
    if (!pass->users.contains(user.text) && !is_own_user(user.text))
      calls.emplace_back("user " + user.text, Arguments{"ACL", "DELUSER", user.text});
  pass->missing = calls.size();
  for (auto& [about, call] : calls)
    server_.call(std::move(call), [this, pass, about = about, alive = alive_.watch()](const Result<Reply>& reply) {
      if (alive.expired()) return;
      if (!reply) pass->is_lost = true;
      if (reply && reply->is_error() && pass->trouble.empty()) pass->trouble = about + ": " + reply->text;
      if (--pass->missing == 0) finish(*pass);
    });
}

void Accounts::finish(const Pass& pass) {
  is_setting_ = false;
  if (pass.is_lost) return;
  told_ = pass.users;
  are_set_ = true;
  server_trouble_ = pass.trouble;
  changed_();
  look();  // the file may have changed meanwhile
}

}  // namespace shardkeeper::agent
