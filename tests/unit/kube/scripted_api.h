// An Api whose server is the test: it sees what was asked and answers when and what it likes.
#pragma once

#include "coordinator/platform/kube/client/api.h"

#include <boost/json.hpp>

#include <deque>
#include <memory>
#include <string>
#include <utility>

namespace shardkeeper::test {

namespace kube = platform::kube;

class ScriptedApi final : public kube::Api {
 public:
  struct Asked {
    kube::Request request;
    Done done;
  };
  struct Watching {
    kube::WatchRequest request;
    kube::WatchHooks hooks;
    std::weak_ptr<int> alive;

    bool is_over() const { return alive.expired(); }
  };

  void call(kube::Request request, Done done) override { asked.push_back({std::move(request), std::move(done)}); }
  std::unique_ptr<kube::Watch> watch(kube::WatchRequest request, kube::WatchHooks hooks) override {
    auto alive = std::make_shared<int>(0);
    watches.push_back({std::move(request), std::move(hooks), alive});
    return std::make_unique<Handle>(std::move(alive));
  }

  // Answers the oldest question.
  void answer(Result<boost::json::value> reply) {
    auto oldest = std::move(asked.front());
    asked.pop_front();
    oldest.done(std::move(reply));
  }
  void answer_json(const std::string& json) { answer(Result<boost::json::value>(boost::json::parse(json))); }

  std::deque<Asked> asked;       // unanswered
  std::deque<Watching> watches;  // all ever opened, the newest last

 private:
  struct Handle final : kube::Watch {
    explicit Handle(std::shared_ptr<int> life) : alive(std::move(life)) {}
    std::shared_ptr<int> alive;
  };
};

}  // namespace shardkeeper::test
