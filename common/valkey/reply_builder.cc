#include "common/valkey/reply_builder.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <cstring>

namespace shardkeeper::valkey {
namespace {

ReplyBuilder& builder_of(const redisReadTask& task) { return *static_cast<ReplyBuilder*>(task.privdata); }

Reply::Kind text_kind(int type) {
  if (type == REDIS_REPLY_STATUS) return Reply::Kind::kStatus;
  if (type == REDIS_REPLY_ERROR) return Reply::Kind::kError;
  return Reply::Kind::kText;
}

void free_reply(void* reply) { delete static_cast<Reply*>(reply); }

}  // namespace

const redisReplyObjectFunctions ReplyBuilder::kFunctions{add_text, add_array, add_integer, add_nil, free_reply};

void ReplyBuilder::attach(redisReader& reader) {
  reader.fn = const_cast<redisReplyObjectFunctions*>(&kFunctions);  // hiredis only reads it
  reader.privdata = this;
}

bool ReplyBuilder::check_buffer(const redisReader& reader) {
  const std::size_t buffered = reader.len - reader.pos;
  if (buffered + bytes_ > kReplyBytesMax) return refuse("a reply is longer than 8 MiB");
  // hiredis looks for the line's end from its beginning at every feeding; without this an endless line costs quadratic time.
  const bool is_long = buffered > kReplyLineBytesMax;
  if (is_long && std::memchr(reader.buf + reader.pos, '\n', kReplyLineBytesMax) == nullptr)
    return refuse("a line of a reply is longer than 64 KiB");
  return true;
}

// Items of arrays live in their parent; hiredis takes any non-null pointer for them and frees only the root.
Reply* ReplyBuilder::add(const redisReadTask& task, Reply::Kind kind, std::size_t bytes) {
  const bool is_root = task.parent == nullptr;
  if (is_root && awaited_ == 0) {
    refuse("a reply came that nobody had asked for");
    return nullptr;
  }
  bytes_ += bytes;
  ++items_;
  if (items_ > kReplyItemsMax) {
    refuse("a reply has more than 262144 items");
    return nullptr;
  }
  Reply* const reply = is_root ? new Reply : &static_cast<Reply*>(task.parent->obj)->items.emplace_back();
  reply->kind = kind;
  return reply;
}

bool ReplyBuilder::refuse(std::string_view reason) {
  problem_ = reason;
  return false;
}

void* ReplyBuilder::add_text(const redisReadTask* task, char* text, std::size_t bytes) {
  Reply* const reply = builder_of(*task).add(*task, text_kind(task->type), bytes);
  if (reply != nullptr) reply->text.assign(text, bytes);
  return reply;
}

void* ReplyBuilder::add_array(const redisReadTask* task, int elements) {
  auto& builder = builder_of(*task);
  Reply* const reply = builder.add(*task, Reply::Kind::kArray, 0);
  // No room is set aside for what is only announced, beyond a little: the peer has to send it first.
  constexpr int kReservedMax = 64;
  if (reply != nullptr) reply->items.reserve(static_cast<std::size_t>(std::min(elements, kReservedMax)));
  return reply;
}

void* ReplyBuilder::add_integer(const redisReadTask* task, long long value) {
  Reply* const reply = builder_of(*task).add(*task, Reply::Kind::kInteger, 0);
  if (reply != nullptr) reply->integer = value;
  return reply;
}

void* ReplyBuilder::add_nil(const redisReadTask* task) { return builder_of(*task).add(*task, Reply::Kind::kNil, 0); }

}  // namespace shardkeeper::valkey
