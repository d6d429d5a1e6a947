// Answers commands as a coordinator would, and remembers what was asked.
#pragma once

#include "cli/admin_api.h"

#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::cli {

class FakeAdminApi final : public AdminApi {
 public:
  std::optional<Error> error;               // every call fails with it
  std::vector<admin::v1::Status> statuses;  // status answers the first; watch shows one after the other, then ends
  admin::v1::Events all_events;
  admin::v1::Workers all_workers;
  admin::v1::ScalePlan plan;
  admin::v1::Scaled scaled;
  std::vector<std::string> asked;

  Result<admin::v1::Status> status(const std::string& cluster) override { return answer("status " + cluster, statuses.at(0)); }
  Result<admin::v1::Events> events(const std::string& cluster, std::uint32_t limit) override {
    return answer("events " + cluster + " " + std::to_string(limit), all_events);
  }
  Result<admin::v1::Workers> workers() override { return answer("workers", all_workers); }
  Result<void> cordon(const std::string& worker) override { return done("cordon " + worker); }
  Result<void> uncordon(const std::string& worker) override { return done("uncordon " + worker); }
  Result<void> lose(const std::string& worker, admin::v1::LoseWorkerRequest::Mode mode) override {
    return done("lose " + worker + " " + admin::v1::LoseWorkerRequest::Mode_Name(mode));
  }
  Result<void> confirm_lost(const std::string& worker) override { return done("confirm-lost " + worker); }
  Result<void> accept_stale(const std::string& pod) override { return done("accept-stale " + pod); }
  Result<admin::v1::ScalePlan> plan_scale(const std::string& cluster, int shards) override {
    return answer("plan " + cluster + " " + std::to_string(shards), plan);
  }
  Result<admin::v1::Scaled> scale(const std::string& cluster, int shards) override {
    return answer("scale " + cluster + " " + std::to_string(shards), scaled);
  }
  Result<admin::v1::Version> version() override {
    admin::v1::Version version;
    version.set_version("7.7.7");
    version.set_platform("local");
    return answer("version", version);
  }
  Result<void> watch(const std::string& cluster, const std::function<Watching(const admin::v1::Status&)>& on_status) override {
    asked.push_back("watch " + cluster);
    for (const auto& status : statuses)
      if (on_status(status) == Watching::kStop) return {};
    if (error) return *error;
    return {};
  }
  void cancel_watch() override {}

 private:
  template <typename T>
  Result<T> answer(std::string question, T value) {
    asked.push_back(std::move(question));
    if (error) return *error;
    return value;
  }
  Result<void> done(std::string question) {
    asked.push_back(std::move(question));
    if (error) return *error;
    return {};
  }
};

}  // namespace shardkeeper::cli
