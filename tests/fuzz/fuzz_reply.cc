// Any bytes from a server, cut in any way: the same replies and the same end, within the bounds.
// Byte 0: how many replies are awaited. Byte 1: in pieces of which size they come. The rest: what the server sends.
#include "tests/fuzz/check.h"
#include "tests/support/reply_feed.h"

namespace shardkeeper::fuzz {
namespace {

using test::ReplyFeed;
using valkey::Reply;

std::size_t count_items(const Reply& reply) {
  std::size_t items = 1;
  for (const auto& item : reply.items) items += count_items(item);
  return items;
}

ReplyFeed fed(std::string_view bytes, std::size_t awaited, std::size_t piece) {
  ReplyFeed feed(awaited);
  while (!bytes.empty() && feed.feed(bytes.substr(0, piece))) bytes.remove_prefix(std::min(piece, bytes.size()));
  return feed;
}

}  // namespace
}  // namespace shardkeeper::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shardkeeper;
  if (size < 2) return 0;
  const std::size_t awaited = data[0] % 16;
  const std::size_t piece = data[1] + 1U;
  const auto bytes = fuzz::as_text(data + 2, size - 2);

  const auto whole = fuzz::fed(bytes, awaited, bytes.size() + 1);
  const auto pieces = fuzz::fed(bytes, awaited, piece);
  SK_CHECK(whole.replies() == pieces.replies(), "replies do not depend on how they are cut");
  SK_CHECK(whole.failure() == pieces.failure(), "the end does not depend on how the bytes are cut");
  SK_CHECK(whole.replies().size() <= awaited, "no reply that was not awaited");
  for (const auto& reply : whole.replies()) SK_CHECK(fuzz::count_items(reply) <= valkey::kReplyItemsMax, "items are bounded");
  return 0;
}
