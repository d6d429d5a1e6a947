#include "coordinator/platform/kube/objects/covers.h"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace shardkeeper::test {
namespace {

bool covers(const char* live, const char* wanted) { return platform::kube::covers(boost::json::parse(live), boost::json::parse(wanted)); }

TEST(Covers, WhatTheServerAddedDoesNotMatter) {
  EXPECT_TRUE(covers(R"({"a": {"b": 1, "uid": "x"}, "status": {}})", R"({"a": {"b": 1}})"));
  EXPECT_TRUE(covers(R"({"ports": [{"port": 1, "protocol": "TCP"}]})", R"({"ports": [{"port": 1}]})"));
}

TEST(Covers, WhatIsMissingOrDifferentMatters) {
  EXPECT_FALSE(covers(R"({"a": {}})", R"({"a": {"b": 1}})"));
  EXPECT_FALSE(covers(R"({"a": {"b": 2}})", R"({"a": {"b": 1}})"));
  EXPECT_FALSE(covers(R"({"a": "1"})", R"({"a": 1})"));
  EXPECT_FALSE(covers(R"({"a": [1, 2]})", R"({"a": [1]})")) << "an element that we leave out should go";
  EXPECT_FALSE(covers(R"({"a": []})", R"({"a": {"b": 1}})"));
}

TEST(Covers, NumbersOfBothKindsAreEqual) { EXPECT_TRUE(covers(R"({"a": 3})", R"({"a": 3})")); }

}  // namespace
}  // namespace shardkeeper::test
