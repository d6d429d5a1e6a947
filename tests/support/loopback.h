// Loopback addresses of a test's own, so that many tests can run servers with equal ports at the same time.
#pragma once

#include <cstdint>
#include <string>

namespace shardkeeper::test {

// A block 127.X.Y.0/24 with X in 200..249 that no other living test holds. Claimed by binding a socket in it, so the kernel frees it when
// the process ends, however it ends. (Code under test must stay out of X 200..249 unless a test hands it a block.)
class LoopbackBlock {
 public:
  // Throws std::runtime_error when all blocks are taken.
  LoopbackBlock();
  ~LoopbackBlock();
  LoopbackBlock(const LoopbackBlock&) = delete;
  LoopbackBlock& operator=(const LoopbackBlock&) = delete;

  // "127.X.Y.n". REQUIRES 1 <= n <= 250.
  std::string address(int n) const { return prefix_ + std::to_string(n); }
  // "127.X.Y."
  const std::string& prefix() const { return prefix_; }

 private:
  std::string prefix_;
  int claim_ = -1;
};

// A TCP port that was free on `ip` a moment ago. Prefer a LoopbackBlock and fixed ports: somebody else may take this one.
std::uint16_t free_port(const std::string& ip = "127.0.0.1");

// True when somebody accepts TCP connections there.
bool accepts_connections(const std::string& ip, std::uint16_t port);

}  // namespace shardkeeper::test
