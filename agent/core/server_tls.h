// Keeps the server's certificate as the Secret has it.
#pragma once

#include "agent/core/alive.h"
#include "common/error/result.h"
#include "common/valkey/server_port.h"

#include <functional>
#include <optional>
#include <string>

namespace shardkeeper::agent {

// The server reads the files itself; it is told when to. While they are bad it is told nothing and keeps what it has.
// THREAD the loop's. REQUIRES server outlives it.
class ServerTls {
 public:
  // `changed`: trouble() is another one.
  ServerTls(valkey::ServerPort& server, std::function<void()> changed) : server_(server), changed_(std::move(changed)) {}

  // Of files in `folder` that are good; `text` is another one whenever they are. Or why they are not.
  void want(const std::string& folder, const Result<std::string>& text);
  // The server can be asked: it reads the files if it has not read these.
  void look();
  void process_ended();

  // What is wrong with the files, or what the server says to them; "" when nothing is.
  std::string trouble() const { return file_trouble_.empty() ? server_trouble_ : file_trouble_; }

 private:
  valkey::ServerPort& server_;
  const std::function<void()> changed_;
  std::string folder_;
  std::optional<std::string> wanted_;
  std::optional<std::string> told_;  // to this process
  bool is_telling_ = false;
  std::string file_trouble_;
  std::string server_trouble_;
  Alive alive_;
};

}  // namespace shardkeeper::agent
