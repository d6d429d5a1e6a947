// One blocking connection to a server, for tests: every wait has a bound.
#pragma once

#include "common/error/result.h"
#include "common/valkey/reply.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

struct redisContext;

namespace shardkeeper::test {

struct Login {
  std::string user;      // empty: "default"
  std::string password;  // empty: no AUTH
};

// THREAD one at a time. A connection that returned an error is of no use any more: connect again.
// The first connection of a process makes it ignore SIGPIPE, because hiredis writes without MSG_NOSIGNAL.
class SyncClient {
 public:
  // `timeout` bounds the connect and every later reply. ERRORS kUnavailable; kRefused when the login is not accepted.
  static Result<SyncClient> connect(const std::string& ip, std::uint16_t port, std::chrono::milliseconds timeout, const Login& login = {});
  static Result<SyncClient> connect_unix(const std::filesystem::path& socket, std::chrono::milliseconds timeout, const Login& login = {});

  // An error reply of the server is a reply. ERRORS kUnknownOutcome: no reply came in time or the connection ended.
  Result<valkey::Reply> call(const std::vector<std::string>& arguments);

  // The same in one write and as many replies. ERRORS as call; how many commands were carried out is not known then.
  Result<std::vector<valkey::Reply>> pipeline(const std::vector<std::vector<std::string>>& commands);

 private:
  struct Free {
    void operator()(redisContext* context) const;
  };
  SyncClient(redisContext* context, std::string where) : context_(context), where_(std::move(where)) {}
  static Result<SyncClient> open(redisContext* context, std::string where, std::chrono::milliseconds timeout, const Login& login);
  void append(const std::vector<std::string>& arguments);
  Result<valkey::Reply> read();

  std::unique_ptr<redisContext, Free> context_;
  std::string where_;
};

}  // namespace shardkeeper::test
