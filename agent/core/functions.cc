#include "agent/core/functions.h"

#include "agent/migrate/older_dump.h"
#include "common/types/fnv1a.h"

#include <map>
#include <string>
#include <string_view>

namespace shardkeeper::agent {
namespace {

constexpr std::chrono::seconds kReadAgainAfter{30};
constexpr std::uint64_t kReadBytesMax =
    1U << 20U;  // FUNCTION LIST WITHCODE of more would hold up the server, and break the bound of a reply

std::uint64_t hash_numbers(const FunctionNumbers& numbers) {
  Fnv1a hash;
  hash.add(std::to_string(numbers.libraries));
  hash.add(std::to_string(numbers.functions));
  return hash.value();
}

}  // namespace

std::uint64_t hash_functions(const valkey::Reply& libraries) {
  std::map<std::string_view, std::string_view> code_of;
  for (const auto& library : libraries.items) {
    std::string_view name;
    std::string_view code;
    for (std::size_t i = 0; i + 1 < library.items.size(); i += 2) {
      if (library.items[i].text == "library_name") name = library.items[i + 1].text;
      if (library.items[i].text == "library_code") code = library.items[i + 1].text;
    }
    code_of[name] = code;
  }
  if (code_of.empty()) return 0;
  Fnv1a hash;
  for (const auto& [name, code] : code_of) {
    hash.add(name);
    hash.add(code);
  }
  return hash.value();
}

void Functions::look(const ServerNumbers& numbers) {
  const FunctionNumbers& now = numbers.functions;
  const bool is_due = !read_at_ || now != seen_ || scheduler_.now() - *read_at_ >= kReadAgainAfter;
  if (!is_due || is_reading_) return;
  seen_ = now;
  read_at_ = scheduler_.now();
  if (now.libraries == 0) return adopt(0);
  if (now.bytes > kReadBytesMax) return adopt(hash_numbers(now));
  is_reading_ = true;
  server_.call({"FUNCTION", "LIST", "WITHCODE"}, [this, alive = alive_.watch()](const Result<valkey::Reply>& reply) {
    if (alive.expired()) return;
    is_reading_ = false;
    if (reply && reply->kind == valkey::Reply::Kind::kArray) return adopt(hash_functions(*reply));
    adopt(hash_numbers(seen_));
  });
}

void Functions::forget() {
  hash_ = 0;
  read_at_.reset();
}

void Functions::adopt(std::uint64_t hash) {
  if (hash == hash_) return;
  hash_ = hash;
  changed_();
}

// In the older format, which every server reads: the other one may be older than this one.
void Functions::copy(const command::CopyFunctions& copy, const Done& done) {
  steps_.ask({"FUNCTION", "LIST"}, done, [this, copy, done](const valkey::Reply& libraries) {
    if (libraries.items.empty()) return done(command::Outcome{.already_so = true, .ticket = std::nullopt});
    steps_.ask({"FUNCTION", "DUMP"}, done, [this, copy, done](const valkey::Reply& dump) {
      if (dump.text.size() > command::kFunctionsDumpBytesMax)
        return done(refused("copy-functions", "the dump has " + std::to_string(dump.text.size()) + " bytes, at most " +
                                                  std::to_string(command::kFunctionsDumpBytesMax) +
                                                  "; load them at the new primary with FUNCTION RESTORE yourself"));
      calls_.execute({copy.target_pod, ShardId{}, copy.target_agent}, command::RestoreFunctions{older_dump(dump.text)}, done);
    });
  });
}

void Functions::restore(const command::RestoreFunctions& restore, const Done& done) {
  steps_.ask({"FUNCTION", "DUMP"}, done, [this, restore, done](const valkey::Reply& dump) {
    if (older_dump(dump.text) == restore.dump) return done(command::Outcome{.already_so = true, .ticket = std::nullopt});
    steps_.ask({"FUNCTION", "RESTORE", restore.dump, "REPLACE"}, done, [done](const valkey::Reply&) { done(command::Outcome{}); });
  });
}

}  // namespace shardkeeper::agent
