#include "agent/core/accounts.h"

#include <algorithm>

namespace shardkeeper::agent {

using valkey::Reply;

namespace {

// The server repeats the rule that it does not understand, which may be a password that lacks its sign: its place says enough.
std::string what_is_wrong(const std::string& words, const std::vector<std::string>& rules) {
  constexpr std::string_view kBefore = "ERR Error in ACL SETUSER modifier '";
  const auto after = words.rfind("': ");
  if (!words.starts_with(kBefore) || after == std::string::npos) return words;
  const auto rule = std::ranges::find(rules, words.substr(kBefore.size(), after - kBefore.size()));
  const std::string which = rule == rules.end() ? "one of its rules" : "rule " + std::to_string(rule - rules.begin() + 1);
  return which + ": " + words.substr(after + 3);
}

}  // namespace

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
  struct Call {
    std::string about;
    Arguments arguments;
    std::vector<std::string> rules;
  };
  std::vector<Call> calls;
  for (const auto& [name, user] : pass->users) {
    Arguments call{"ACL", "SETUSER", name, "reset"};
    call.insert(call.end(), user.rules.begin(), user.rules.end());
    calls.push_back({"line " + std::to_string(user.line) + ": user " + name, std::move(call), user.rules});
  }
  for (const auto& user : present.items)
    if (!pass->users.contains(user.text) && !is_own_user(user.text))
      calls.push_back({"user " + user.text, {"ACL", "DELUSER", user.text}, {}});
  pass->missing = calls.size();
  for (auto& [about, call, rules] : calls)
    server_.call(std::move(call), [this, pass, about = about, rules = rules, alive = alive_.watch()](const Result<Reply>& reply) {
      if (alive.expired()) return;
      if (!reply) pass->is_lost = true;
      if (reply && reply->is_error() && pass->trouble.empty()) pass->trouble = about + ": " + what_is_wrong(reply->text, rules);
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
