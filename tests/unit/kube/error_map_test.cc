#include "coordinator/platform/kube/client/error_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardkeeper::platform::kube {
namespace {

using testing::HasSubstr;

struct Row {
  Method method;
  int status;
  ErrorKind kind;
};

class ErrorTable : public testing::TestWithParam<Row> {};

TEST_P(ErrorTable, SaysWhatItMeans) {
  const auto [method, status, kind] = GetParam();
  const auto error = to_error(method, "/api/v1/namespaces/a/pods/b?x=y", {status, R"({"message":"because"})", std::nullopt});
  EXPECT_EQ(error.kind, kind);
  EXPECT_EQ(error.where, std::string(to_string(method)) + " /api/v1/namespaces/a/pods/b");
  EXPECT_THAT(error.detail, HasSubstr("because"));
  EXPECT_THAT(error.detail, HasSubstr(std::to_string(status)));
}

INSTANTIATE_TEST_SUITE_P(Codes, ErrorTable,
                         testing::Values(Row{Method::kPost, 400, ErrorKind::kInvalid}, Row{Method::kGet, 401, ErrorKind::kRefused},
                                         Row{Method::kGet, 403, ErrorKind::kRefused}, Row{Method::kGet, 404, ErrorKind::kNotFound},
                                         Row{Method::kPut, 405, ErrorKind::kInvalid}, Row{Method::kPut, 409, ErrorKind::kConflict},
                                         Row{Method::kGet, 410, ErrorKind::kConflict}, Row{Method::kPost, 413, ErrorKind::kInvalid},
                                         Row{Method::kPatch, 415, ErrorKind::kInvalid}, Row{Method::kPatch, 422, ErrorKind::kInvalid},
                                         Row{Method::kPost, 429, ErrorKind::kUnavailable}, Row{Method::kPost, 500, ErrorKind::kUnavailable},
                                         Row{Method::kPost, 503, ErrorKind::kUnavailable}, Row{Method::kGet, 504, ErrorKind::kUnavailable},
                                         Row{Method::kPost, 504, ErrorKind::kUnknownOutcome}, Row{Method::kGet, 302, ErrorKind::kInvalid},
                                         Row{Method::kGet, 101, ErrorKind::kInvalid}));

TEST(ErrorMap, ARefusalSaysWhichVerbOnWhat) {
  const auto refusal = [](Method method, const char* path) { return to_error(method, path, {403, "", std::nullopt}).detail; };
  EXPECT_EQ(refusal(Method::kGet, "/api/v1/nodes"), "403: not allowed to list nodes: no reason given");
  EXPECT_EQ(refusal(Method::kGet, "/api/v1/nodes/n?x"), "403: not allowed to get nodes: no reason given");
  EXPECT_EQ(refusal(Method::kGet, "/api/v1/namespaces/a/pods?watch=true"),
            "403: not allowed to watch pods in namespace a: no reason given");
  EXPECT_EQ(refusal(Method::kPost, "/api/v1/namespaces/a/pods/b/eviction"),
            "403: not allowed to create pods/eviction in namespace a: no reason given");
  EXPECT_EQ(refusal(Method::kPatch, "/k8s/apis/shardkeeper.io/v1alpha1/namespaces/a/valkeyclusters/b/status"),
            "403: not allowed to patch valkeyclusters/status in namespace a: no reason given");
  EXPECT_EQ(refusal(Method::kGet, "/api/v1/namespaces/a"), "403: not allowed to get namespaces: no reason given");
  EXPECT_EQ(refusal(Method::kGet, "/version"), "403: not allowed to list /version: no reason given");
  EXPECT_EQ(refusal(Method::kGet, "/api"), "403: not allowed to list /api: no reason given");
}

TEST(ErrorMap, WordsArePrintableAndShort) {
  EXPECT_EQ(words_of("a\nb\x01\xff"), "a b??");
  EXPECT_EQ(words_of(""), "no reason given");
  EXPECT_EQ(words_of("{}"), "{}");
  EXPECT_EQ(words_of(std::string(5000, 'x')).size(), 300U);
  EXPECT_EQ(words_of(R"({"message":5})"), R"({"message":5})");
}

TEST(ErrorMap, RepeatsOnlyWhatDidNothing) {
  const auto again = [](Method method, const char* path, Answer answer) { return is_worth_retrying(method, path, answer); };
  using namespace std::chrono_literals;
  EXPECT_TRUE(again(Method::kPost, "/api/v1/pods", {429, "", std::nullopt}));
  EXPECT_FALSE(again(Method::kPost, "/api/v1/namespaces/a/pods/b/eviction", {429, "DisruptionBudget", std::nullopt}));
  EXPECT_TRUE(again(Method::kPost, "/api/v1/namespaces/a/pods/b/eviction", {429, "slow down", 1s}));
  EXPECT_TRUE(again(Method::kGet, "/api/v1/pods", {503, "", 1s}));
  EXPECT_FALSE(again(Method::kGet, "/api/v1/pods", {503, "", std::nullopt}));
  EXPECT_FALSE(again(Method::kPost, "/api/v1/pods", {503, "", 1s})) << "it may have been done";
  EXPECT_FALSE(again(Method::kGet, "/api/v1/pods", {404, "", 1s}));
}

}  // namespace
}  // namespace shardkeeper::platform::kube
