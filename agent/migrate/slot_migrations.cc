#include "agent/migrate/slot_migrations.h"

#include <algorithm>

namespace shardkeeper::agent {
namespace {

using valkey::Reply;

constexpr std::size_t kMigrationsMax = 10'000;

Result<SlotMigration> read_one(const Reply& entry) {
  SlotMigration migration;
  for (std::size_t i = 0; i + 1 < entry.items.size(); i += 2) {
    const std::string& field = entry.items[i].text;
    const std::string& value = entry.items[i + 1].text;
    if (field == "name") migration.name = value;
    if (field == "operation")
      migration.operation = value == "EXPORT" ? SlotMigration::Operation::kExport : SlotMigration::Operation::kImport;
    if (field == "state") migration.state = value;
    if (field == "message") migration.message = value;
    if (field == "remaining_repl_size" && entry.items[i + 1].kind == Reply::Kind::kInteger)
      migration.waiting_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, entry.items[i + 1].integer));
    if (field == "target_node" && !value.empty()) {
      auto id = NodeId::parse(value);
      if (!id) return invalid("CLUSTER GETSLOTMIGRATIONS", "target_node: " + id.error().detail);
      migration.target = *id;
    }
    if (field == "slot_ranges") {
      std::string text = value;  // "0-9 20-29"
      std::ranges::replace(text, ' ', ',');
      auto slots = SlotSet::parse(text);
      if (!slots) return invalid("CLUSTER GETSLOTMIGRATIONS", "slot_ranges: " + slots.error().detail);
      migration.slots = *slots;
    }
  }
  if (migration.name.empty() || migration.state.empty()) return invalid("CLUSTER GETSLOTMIGRATIONS", "an entry has no name or no state");
  return migration;
}

}  // namespace

Result<std::vector<SlotMigration>> read_slot_migrations(const Reply& reply) {
  if (reply.kind != Reply::Kind::kArray) return invalid("CLUSTER GETSLOTMIGRATIONS", "the reply is no list");
  if (reply.items.size() > kMigrationsMax) return invalid("CLUSTER GETSLOTMIGRATIONS", "more than 10000 entries");
  std::vector<SlotMigration> migrations;
  for (const Reply& entry : reply.items) {
    auto migration = read_one(entry);
    if (!migration) return migration.error();
    migrations.push_back(*std::move(migration));
  }
  return migrations;
}

}  // namespace shardkeeper::agent
