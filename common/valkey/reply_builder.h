// Makes a hiredis reader build our Reply values, within bounds. hiredis 0.14 has none of its own: a peer could make it fill the
// memory, and a reply that nobody asked for ends the process in an assertion of its asynchronous part.
#pragma once

#include "common/valkey/reply.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

struct redisReader;
struct redisReadTask;
struct redisReplyObjectFunctions;

namespace shardkeeper::valkey {

// Nesting is bounded by hiredis itself: arrays in arrays, seven deep.
inline constexpr std::size_t kReplyBytesMax = 8U << 20U;       // of one reply: finished texts and what is buffered
inline constexpr std::size_t kReplyItemsMax = 262'144;         // of one reply, over all levels; every slot's statistics are 180,000
inline constexpr std::size_t kReplyLineBytesMax = 64U << 10U;  // a line without end: status, error, number or length

// Replies come out of redisReaderGetReply as Reply*, owned by the reader's freeObject.
// REQUIRES the builder stays where it is and outlives the reader.
class ReplyBuilder {
 public:
  ReplyBuilder() = default;
  ReplyBuilder(const ReplyBuilder&) = delete;
  ReplyBuilder& operator=(const ReplyBuilder&) = delete;

  void attach(redisReader& reader);

  // One more reply is awaited / one has been taken out. A reply that is not awaited is refused.
  void expect() { ++awaited_; }
  void taken() {
    --awaited_;
    bytes_ = 0;
    items_ = 0;
  }

  // Call after every feeding, when complete replies have been taken out. RETURNS false when the unfinished rest breaks a bound.
  bool check_buffer(const redisReader& reader);

  // Why the reader failed, where it was our doing.
  const std::optional<std::string>& problem() const { return problem_; }

 private:
  static const redisReplyObjectFunctions kFunctions;
  static void* add_text(const redisReadTask* task, char* text, std::size_t bytes);
  static void* add_array(const redisReadTask* task, int elements);
  static void* add_integer(const redisReadTask* task, long long value);
  static void* add_nil(const redisReadTask* task);

  Reply* add(const redisReadTask& task, Reply::Kind kind, std::size_t bytes);
  bool refuse(std::string_view reason);

  std::size_t awaited_ = 0;
  std::size_t bytes_ = 0;  // of the reply being read
  std::size_t items_ = 0;
  std::optional<std::string> problem_;
};

}  // namespace shardkeeper::valkey
