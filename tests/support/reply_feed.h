// Bytes of a server through hiredis' reader and our ReplyBuilder, as the connection does it, without a connection.
#pragma once

#include "common/valkey/reply.h"
#include "common/valkey/reply_builder.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardkeeper::test {

class ReplyFeed {
 public:
  // Replies beyond the first `awaited` ones are refused.
  explicit ReplyFeed(std::size_t awaited);

  // RETURNS false once it has failed; nothing more is read then.
  bool feed(std::string_view bytes);

  const std::vector<valkey::Reply>& replies() const { return replies_; }  // complete ones
  const std::optional<std::string>& failure() const { return failure_; }

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  bool fail(std::string reason);

  std::unique_ptr<valkey::ReplyBuilder> builder_;  // stays where it is when this is moved
  std::unique_ptr<redisReader, Free> reader_;
  std::vector<valkey::Reply> replies_;
  std::optional<std::string> failure_;
};

}  // namespace shardkeeper::test
