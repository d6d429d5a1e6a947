// Keeps the server's users as the user's file has them.
#pragma once

#include "agent/core/server_steps.h"
#include "agent/decide/users_file.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::agent {

// THREAD the loop's. REQUIRES server outlives it.
class Accounts {
 public:
  // `changed`: are_set() or trouble() is another one.
  Accounts(valkey::ServerPort& server, std::function<void()> changed) : server_(server), steps_(server), changed_(std::move(changed)) {}

  // The file's text, or why there is none. What cannot be read leaves the users that are set as they are.
  void want(const Result<std::string>& text);
  // The server can be asked: what is not set yet is set now.
  void look();
  void process_ended();

  // No file is wanted, or the server has heard all of its users once.
  bool are_set() const { return !is_wanted_ || are_set_; }
  // What is wrong with the file, or what the server says to users of it; "" when nothing is.
  std::string trouble() const { return file_trouble_.empty() ? server_trouble_ : file_trouble_; }

 private:
  struct Pass;

  void set(const std::shared_ptr<Pass>& pass, const valkey::Reply& present);
  void finish(const Pass& pass);

  valkey::ServerPort& server_;
  ServerSteps steps_;
  const std::function<void()> changed_;
  bool is_wanted_ = false;
  std::optional<Users> wanted_;
  std::optional<Users> told_;  // to this process
  bool are_set_ = false;
  bool is_setting_ = false;
  std::string file_trouble_;
  std::string server_trouble_;
  Alive alive_;
};

}  // namespace shardkeeper::agent
