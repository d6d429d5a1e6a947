#include "agent/decide/users_file.h"

#include <gtest/gtest.h>

namespace shardkeeper::agent {
namespace {

std::string error_of(const std::string& text) {
  const auto users = parse_users(text);
  return users ? "" : to_string(users.error());
}

TEST(UsersFile, IsReadAsTheServersOwn) {
  const auto users = parse_users("# comment\n\nuser app on >secret ~app:* (+@read ~*)\r\n\tuser  other off\n");
  ASSERT_TRUE(users);
  EXPECT_EQ(users->size(), 3U);
  EXPECT_EQ(users->at("app"), (UserRules{3, {"on", ">secret", "~app:*", "(+@read", "~*)"}}));
  EXPECT_EQ(users->at("other"), (UserRules{4, {"off"}}));
  EXPECT_EQ(users->at("default"), UserRules{}) << "off, unless it is named";
  EXPECT_EQ(parse_users("user default on nopass +@all\n")->size(), 1U);
  EXPECT_EQ(parse_users("")->size(), 1U);
}

TEST(UsersFile, NamesTheLineAndNeverItsText) {
  EXPECT_EQ(error_of("user a on\napp on >secret\n"), "line 2: must begin with `user`, as in: user app on >secret ~app:* +@all -@admin");
  EXPECT_EQ(error_of("user\n"), "line 1: names no user");
  EXPECT_EQ(error_of("user shardkeeper on\n"), "line 1: user shardkeeper is Shardkeeper's own");
  EXPECT_EQ(error_of("user shardkeeper-replication on\n"), "line 1: user shardkeeper-replication is Shardkeeper's own");
  EXPECT_EQ(error_of("user a on\nuser a off\n"), "line 2: user a is there twice");
  EXPECT_EQ(error_of(std::string("user a on >x\0y\n", 15)), "line 1: has a control character");
  std::string many;
  for (int i = 0; i <= 1'000; ++i) many += "user u" + std::to_string(i) + " on\n";
  EXPECT_EQ(error_of(many), "line 1001: more than 1000 users");
}

}  // namespace
}  // namespace shardkeeper::agent
