// An API server in memory: versions, uids, conflicts, label selectors, watches. What it stores it does not understand: no defaults, no
// admission, no garbage collection. Answers come when the scheduler runs.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/platform/kube/client/api.h"
#include "coordinator/platform/kube/client/requests.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::test {

namespace kube = platform::kube;

class FakeKubeApi final : public kube::Api {
 public:
  using Objects = std::map<kube::ObjectName, boost::json::object>;

  explicit FakeKubeApi(Scheduler& scheduler);
  ~FakeKubeApi() override { *alive_ = false; }

  void call(kube::Request request, Done done) override;
  std::unique_ptr<kube::Watch> watch(kube::WatchRequest request, kube::WatchHooks hooks) override;

  // As other clients do it. `plural` as in "pods".
  const boost::json::object* find(const std::string& plural, const kube::ObjectName& name) const;
  const Objects& all(const std::string& plural) { return objects_[plural]; }
  void put(const std::string& plural, boost::json::object object);
  void erase(const std::string& plural, const kube::ObjectName& name);

  // What discovery asks for, by path; a server of 1.20 unless a test says otherwise.
  std::map<std::string, boost::json::value> documents;
  // Every request but GET, as "PATCH services default/cache" or "POST pods/eviction default/cache-a".
  std::vector<std::string> writes;
  // Asked before a request is carried out; an error is its answer.
  std::function<std::optional<Error>(const kube::Request&)> refuse;

 private:
  struct Place {
    std::string plural;
    kube::ObjectName name;
    std::string subresource;
    std::map<std::string, std::string> query;
  };
  struct Watcher {
    std::string plural;
    std::string space;
    std::string selector;
    kube::WatchHooks hooks;
  };
  class Handle;

  static Place place_of(const std::string& path);
  Result<boost::json::value> carry_out(const kube::Request& request);
  Result<boost::json::value> list(const Place& place) const;
  Result<boost::json::value> create(const Place& place, boost::json::object object);
  Result<boost::json::value> patch(const Place& place, const kube::Request& request);
  Result<boost::json::value> remove(const Place& place, const boost::json::object& options);
  void tell(const std::string& plural, kube::WatchEvent::Type type, const boost::json::object& object);

  Scheduler& scheduler_;
  std::map<std::string, Objects> objects_;
  std::list<Watcher> watchers_;
  std::uint64_t version_ = 100;
  std::uint64_t uids_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with what was posted
};

}  // namespace shardkeeper::test
