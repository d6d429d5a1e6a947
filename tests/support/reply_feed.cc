#include "tests/support/reply_feed.h"

#include <hiredis/hiredis.h>

#include <utility>

namespace shardkeeper::test {

void ReplyFeed::Free::operator()(redisReader* reader) const { redisReaderFree(reader); }

ReplyFeed::ReplyFeed(std::size_t awaited) : builder_(std::make_unique<valkey::ReplyBuilder>()), reader_(redisReaderCreate()) {
  builder_->attach(*reader_);
  for (std::size_t i = 0; i < awaited; ++i) builder_->expect();
}

bool ReplyFeed::feed(std::string_view bytes) {
  if (failure_ || redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) return fail(reader_->errstr);
  for (;;) {
    void* raw = nullptr;
    if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) return fail(builder_->problem().value_or(reader_->errstr));
    if (raw == nullptr) break;
    builder_->taken();
    replies_.push_back(std::move(*static_cast<valkey::Reply*>(raw)));
    reader_->fn->freeObject(raw);
  }
  if (!builder_->check_buffer(*reader_)) return fail(*builder_->problem());
  return true;
}

bool ReplyFeed::fail(std::string reason) {
  if (!failure_) failure_ = std::move(reason);
  return false;
}

}  // namespace shardkeeper::test
