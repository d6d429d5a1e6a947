// The unix socket on the volume where `launch stop` asks for a hand-over before the server is stopped.
#pragma once

#include "agent/core/hand_over.h"
#include "common/error/result.h"

#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <functional>
#include <memory>

namespace shardkeeper::agent {

// The caller writes "stop\n" within five seconds; it gets progress as lines, the last one begins with "done ", and then the connection
// ends. At most four callers at a time. THREAD the loop's; destroying it ends every connection.
class StopSocket {
 public:
  struct Handler {
    std::function<int(HandOver::Say)> join;  // RETURNS an id for leave
    std::function<void(int id)> leave;       // the caller went away before the last line
  };
  // A socket that an earlier agent left behind is replaced. Mode 0600. ERRORS kUnavailable. REQUIRES `loop` outlives it, and what
  // `handler` refers to outlives it.
  static Result<std::unique_ptr<StopSocket>> start(boost::asio::io_context& loop, const std::filesystem::path& path, Handler handler);

  ~StopSocket();
  StopSocket(const StopSocket&) = delete;
  StopSocket& operator=(const StopSocket&) = delete;

 private:
  class Impl;
  explicit StopSocket(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with its connections
};

}  // namespace shardkeeper::agent
