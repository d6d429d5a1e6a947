// The user's users of the server, as spec.usersSecret has them. Pure.
#pragma once

#include "common/error/result.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace shardkeeper::agent {

// With which the agent, or another server, logs in: no file may name it, and nobody deletes it.
bool is_own_user(std::string_view name);

struct UserRules {
  int line = 0;                    // in the file, from 1
  std::vector<std::string> rules;  // as words of ACL SETUSER after the name

  bool operator==(const UserRules&) const = default;
};
using Users = std::map<std::string, UserRules>;  // by name

// Lines as in the server's own ACL file, `user NAME RULE…`; empty ones and those that begin with # are passed over. What a rule means is the
// server's to judge. The default user is always there: off when the file does not name it.
// ERRORS kInvalid, with the line and never with its text, which holds passwords: no `user`, no name, a name of ours or given twice, more
// than 1000 users, a control character.
Result<Users> parse_users(std::string_view text);

}  // namespace shardkeeper::agent
