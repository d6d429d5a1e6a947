// A test's client of the real API server, in a namespace of its own.
#pragma once

#include "common/net/asio_scheduler.h"
#include "coordinator/platform/kube/client/fields.h"
#include "coordinator/platform/kube/client/http_api.h"
#include "coordinator/platform/kube/client/object_cache.h"
#include "coordinator/platform/kube/client/requests.h"
#include "tests/kubeapi/api_server.h"

#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace shardkeeper::platform::kube {

using namespace std::chrono_literals;
using boost::json::object;

class ApiFixture : public testing::Test {
 protected:
  void SetUp() override {
    api_ = connect(server().kubeconfig());
    // As a label: lower case, no '_' or '/'.
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    space_ = std::string(info->test_suite_name()) + "-" + info->name();
    std::transform(space_.begin(), space_.end(), space_.begin(),
                   [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
    space_ = space_.substr(0, 63);
    ASSERT_NO_FATAL_FAILURE(made(create_request({"v1", "Namespace", "namespaces", false}, "", {{"metadata", object{{"name", space_}}}})));
  }

  static test::ApiServer& server() { return test::ApiServer::instance(); }

  std::unique_ptr<HttpApi> connect(const std::filesystem::path& kubeconfig) {
    auto config = read_kubeconfig(kubeconfig);
    EXPECT_TRUE(config.has_value()) << to_string(config.error());
    return connect(*config);
  }
  std::unique_ptr<HttpApi> connect(const Config& config) {
    auto api = HttpApi::open(loop_, scheduler_, config, {.seed = 1});
    EXPECT_TRUE(api.has_value()) << to_string(api.error());
    return std::move(*api);
  }

  template <typename Condition>
  [[nodiscard]] bool run_until(Condition condition, std::chrono::milliseconds deadline = 30s) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      loop_.run_one_for(5ms);
    }
    return true;
  }

  Result<boost::json::value> ask(Api& api, Request request) {
    std::optional<Result<boost::json::value>> result;
    api.call(std::move(request), [&](Result<boost::json::value> reply) { result.emplace(std::move(reply)); });
    if (!run_until([&] { return result.has_value(); })) return invalid("test", "no answer");
    return *result;
  }
  Result<boost::json::value> ask(Request request) { return ask(*api_, std::move(request)); }

  // The object that the request made or changed.
  object made(Request request) {
    const auto reply = ask(std::move(request));
    EXPECT_TRUE(reply.has_value()) << (reply ? "" : to_string(reply.error()));
    return reply && reply->is_object() ? reply->as_object() : object();
  }
  Error error_of(Api& api, Request request) {
    const auto reply = ask(api, std::move(request));
    EXPECT_FALSE(reply.has_value());
    return reply ? Error{} : reply.error();
  }
  Error error_of(Request request) { return error_of(*api_, std::move(request)); }

  ObjectName named(const std::string& name) const { return {space_, name}; }
  static object config_map(const std::string& name, const std::string& value, object labels = {}) {
    return {{"metadata", object{{"name", name}, {"labels", std::move(labels)}}}, {"data", object{{"value", value}}}};
  }
  static object pod(const std::string& name) {
    return {{"metadata", object{{"name", name}, {"labels", object{{"app", "x"}}}}},
            {"spec", object{{"containers", boost::json::array{object{{"name", "c"}, {"image", "none"}}}}}}};
  }

  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  AsioScheduler scheduler_{loop_};
  std::unique_ptr<HttpApi> api_;
  std::string space_;
};

}  // namespace shardkeeper::platform::kube
