// For callbacks that may come after their owner is gone: ask before touching it.
#pragma once

#include <memory>

namespace shardkeeper::agent {

class Alive {
 public:
  Alive() : token_(std::make_shared<char>()) {}
  Alive(const Alive&) = delete;
  Alive& operator=(const Alive&) = delete;

  // Expires with this object. Capture it beside `this` and check `expired()` first.
  std::weak_ptr<const void> watch() const { return token_; }

 private:
  std::shared_ptr<char> token_;
};

}  // namespace shardkeeper::agent
