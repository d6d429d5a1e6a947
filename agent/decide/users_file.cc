#include "agent/decide/users_file.h"

#include "agent/decide/render_config.h"

#include <algorithm>
#include <sstream>

namespace shardkeeper::agent {
namespace {

constexpr std::size_t kUsersMax = 1'000;
constexpr const char* kDefaultUser = "default";

Error bad(int line, const std::string& reason) { return invalid("line " + std::to_string(line), reason); }

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

}  // namespace

bool is_own_user(std::string_view name) { return name == kAgentUser || name == kReplicationUser; }

Result<Users> parse_users(std::string_view text) {
  Users users;
  std::istringstream lines{std::string(text)};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (std::ranges::any_of(line, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }))
      return bad(number, "has a control character");
    auto words = words_of(line);
    if (words.empty() || words[0].starts_with('#')) continue;
    if (words[0] != "user") return bad(number, "must begin with `user`, as in: user app on >secret ~app:* +@all -@admin");
    if (words.size() < 2) return bad(number, "names no user");
    const std::string name = words[1];
    if (is_own_user(name)) return bad(number, "user " + name + " is Shardkeeper's own");
    words.erase(words.begin(), words.begin() + 2);
    if (!users.emplace(name, UserRules{number, std::move(words)}).second) return bad(number, "user " + name + " is there twice");
    if (users.size() > kUsersMax) return bad(number, "more than " + std::to_string(kUsersMax) + " users");
  }
  users.try_emplace(kDefaultUser, UserRules{});
  return users;
}

}  // namespace shardkeeper::agent
