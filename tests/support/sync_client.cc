#include "tests/support/sync_client.h"

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <csignal>

namespace shardkeeper::test {
namespace {

using valkey::Reply;

timeval to_timeval(std::chrono::milliseconds time) { return {time.count() / 1000, static_cast<suseconds_t>(time.count() % 1000 * 1000)}; }

void ignore_broken_pipes() {
  static const bool done = [] {
    std::signal(SIGPIPE, SIG_IGN);
    return true;
  }();
  static_cast<void>(done);
}

Reply convert(const redisReply& from) {
  Reply reply;
  switch (from.type) {
    case REDIS_REPLY_STRING: reply.kind = Reply::Kind::kText; break;
    case REDIS_REPLY_STATUS: reply.kind = Reply::Kind::kStatus; break;
    case REDIS_REPLY_ERROR: reply.kind = Reply::Kind::kError; break;
    case REDIS_REPLY_INTEGER: reply.kind = Reply::Kind::kInteger; break;
    case REDIS_REPLY_ARRAY: reply.kind = Reply::Kind::kArray; break;
    default: reply.kind = Reply::Kind::kNil; break;
  }
  if (from.str != nullptr) reply.text.assign(from.str, from.len);
  reply.integer = from.type == REDIS_REPLY_INTEGER ? from.integer : 0;
  for (std::size_t i = 0; from.type == REDIS_REPLY_ARRAY && i < from.elements; ++i) reply.items.push_back(convert(*from.element[i]));
  return reply;
}

}  // namespace

void SyncClient::Free::operator()(redisContext* context) const { redisFree(context); }

Result<SyncClient> SyncClient::connect(const std::string& ip, std::uint16_t port, std::chrono::milliseconds timeout, const Login& login) {
  ignore_broken_pipes();
  return open(redisConnectWithTimeout(ip.c_str(), port, to_timeval(timeout)), ip + ":" + std::to_string(port), timeout, login);
}

Result<SyncClient> SyncClient::connect_unix(const std::filesystem::path& socket, std::chrono::milliseconds timeout, const Login& login) {
  ignore_broken_pipes();
  return open(redisConnectUnixWithTimeout(socket.c_str(), to_timeval(timeout)), socket.string(), timeout, login);
}

Result<SyncClient> SyncClient::open(redisContext* context, std::string where, std::chrono::milliseconds timeout, const Login& login) {
  if (context == nullptr) return unavailable(std::move(where), "no memory for a connection");
  SyncClient client(context, std::move(where));
  if (context->err != 0) return unavailable(client.where_, context->errstr);
  redisSetTimeout(context, to_timeval(timeout));
  if (login.password.empty()) return client;
  const auto reply = client.call({"AUTH", login.user.empty() ? "default" : login.user, login.password});
  if (!reply) return unavailable(client.where_, reply.error().detail);
  if (reply->is_error()) return refused(client.where_, reply->text);
  return client;
}

void SyncClient::append(const std::vector<std::string>& arguments) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& argument : arguments) {
    texts.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  redisAppendCommandArgv(context_.get(), static_cast<int>(texts.size()), texts.data(), sizes.data());
}

Result<Reply> SyncClient::read() {
  void* raw = nullptr;
  if (redisGetReply(context_.get(), &raw) != REDIS_OK || raw == nullptr) return unknown_outcome(where_, context_->errstr);
  Reply reply = convert(*static_cast<redisReply*>(raw));
  freeReplyObject(raw);
  return reply;
}

Result<Reply> SyncClient::call(const std::vector<std::string>& arguments) {
  append(arguments);
  return read();
}

Result<std::vector<Reply>> SyncClient::pipeline(const std::vector<std::vector<std::string>>& commands) {
  for (const auto& command : commands) append(command);
  std::vector<Reply> replies;
  replies.reserve(commands.size());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    auto reply = read();
    if (!reply) return reply.error();
    replies.push_back(std::move(*reply));
  }
  return replies;
}

}  // namespace shardkeeper::test
