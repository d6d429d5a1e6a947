// Leases as the API server keeps them: versions, conflicts, deletion. In memory; answers come when the scheduler runs.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/platform/kube/client/api.h"
#include "coordinator/platform/kube/client/fields.h"
#include "coordinator/platform/kube/client/object_cache.h"

#include <boost/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace shardkeeper::test {

namespace kube = platform::kube;

// One lease, whatever its name.
class FakeLeaseServer {
 public:
  std::optional<boost::json::object> lease;
  int reads = 0;
  int writes = 0;

  Result<boost::json::value> handle(const kube::Request& request) {
    switch (request.method) {
      case kube::Method::kGet:
        ++reads;
        if (!lease) return not_found("GET", "404");
        return boost::json::value(*lease);
      case kube::Method::kPost:
        if (lease) return conflict("POST", "409: exists");
        return keep(request.body->as_object());
      case kube::Method::kPut: {
        if (!lease) return not_found("PUT", "404");
        const auto& body = request.body->as_object();
        if (kube::version_of(body) != kube::version_of(*lease)) return conflict("PUT", "409: another version");
        return keep(body);
      }
      default: return invalid("?", "405");
    }
  }

  std::int64_t transitions() const { return kube::number_at(*lease, {"spec", "leaseTransitions"}).value_or(-1); }
  std::string holder() const { return kube::text_at(*lease, {"spec", "holderIdentity"}); }
  // As somebody with kubectl would.
  void edit(const char* field, boost::json::value value) {
    lease->at("spec").as_object()[field] = std::move(value);
    keep(*lease);
    --writes;
  }

 private:
  boost::json::value keep(boost::json::object object) {
    ++writes;
    object["metadata"].as_object()["resourceVersion"] = std::to_string(++version_);
    lease = std::move(object);
    return boost::json::value(*lease);
  }
  int version_ = 100;
};

// One coordinator's way to that server, which may be cut.
class LeaseClient final : public kube::Api {
 public:
  LeaseClient(FakeLeaseServer& server, Scheduler& scheduler) : server_(server), scheduler_(scheduler) {}

  bool is_cut = false;           // nothing arrives; the caller hears of it after its timeout
  bool loses_answers = false;    // everything arrives, no answer comes back
  std::optional<Error> refusal;  // what every write gets
  Duration delay{1'000};

  void call(kube::Request request, Done done) override {
    if (is_cut || loses_answers) {
      if (!is_cut) static_cast<void>(server_.handle(request));
      const bool is_change = request.method != kube::Method::kGet;
      later(request.timeout, [done = std::move(done), is_change] {
        done(is_change ? unknown_outcome("lease", "no answer in time") : unavailable("lease", "no answer in time"));
      });
      return;
    }
    if (refusal && request.method != kube::Method::kGet) return later(delay, [done = std::move(done), why = *refusal] { done(why); });
    auto reply = server_.handle(request);
    later(delay, [done = std::move(done), reply = std::move(reply)] { done(reply); });
  }
  std::unique_ptr<kube::Watch> watch(kube::WatchRequest, kube::WatchHooks) override { return nullptr; }

 private:
  void later(Duration after, std::function<void()> work) { timers_.push_back(scheduler_.after(after, std::move(work))); }

  FakeLeaseServer& server_;
  Scheduler& scheduler_;
  std::vector<std::unique_ptr<Timer>> timers_;
};

}  // namespace shardkeeper::test
