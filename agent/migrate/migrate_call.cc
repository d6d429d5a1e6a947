#include "agent/migrate/migrate_call.h"

#include "common/valkey/parse/quote.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace shardkeeper::agent {
namespace {

constexpr std::string_view kFromTarget = "ERR Target instance replied with error: ";
constexpr std::size_t kShownKeyBytesMax = 120;
constexpr std::size_t kShownReasonBytesMax = 300;

// Of the source or of the target: nothing but a person changes these.
constexpr std::array<std::string_view, 9> kHopeless{"NOAUTH", "WRONGPASS", "NOPERM", "OOM",    "ERR unknown command",
                                                    "MOVED",  "READONLY",  "DENIED", "MISCONF"};
constexpr std::array<std::string_view, 7> kPassing{"IOERR", "LOADING", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS"};

bool begins_with_any(std::string_view text, const auto& words) {
  return std::ranges::any_of(words, [&](std::string_view word) {
    return text.starts_with(word) && (text.size() == word.size() || text[word.size()] == ' ' || text[word.size()] == ',');
  });
}

}  // namespace

std::vector<std::string> migrate_call(const KeyBatch& batch, const Endpoint& target, const Login& login,
                                      std::chrono::milliseconds timeout) {
  std::vector<std::string> call{"MIGRATE", target.ip, std::to_string(target.port), "", "0", std::to_string(timeout.count()), "REPLACE"};
  if (!login.password.empty()) call.insert(call.end(), {"AUTH2", login.user, login.password});
  call.emplace_back("KEYS");
  call.insert(call.end(), batch.keys.begin(), batch.keys.end());
  return call;
}

MigrateAnswer read_migrate_answer(const valkey::Reply& reply) {
  if (!reply.is_error()) return MigrateAnswer::kMoved;  // OK, NOKEY
  std::string_view text = reply.text;
  const bool is_from_target = text.starts_with(kFromTarget);
  if (is_from_target) text.remove_prefix(kFromTarget.size());
  if (text.starts_with('-')) text.remove_prefix(1);
  if (begins_with_any(text, kPassing)) return MigrateAnswer::kTryAgain;
  if (begins_with_any(text, kHopeless) || !is_from_target) return MigrateAnswer::kGiveUp;
  return MigrateAnswer::kOneByOne;
}

std::string describe_failure(const KeyBatch& batch, const std::string& reason) {
  std::string text = "MIGRATE of ";
  if (batch.keys.size() > 1) text += std::to_string(batch.keys.size()) + " keys from ";
  if (!batch.keys.empty()) text += "key \"" + valkey::parse::printable(batch.keys.front(), kShownKeyBytesMax) + "\" ";
  return text + "in slot " + std::to_string(batch.slot) + ": " + valkey::parse::printable(reason, kShownReasonBytesMax);
}

}  // namespace shardkeeper::agent
