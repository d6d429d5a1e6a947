#include "coordinator/platform/local/worker_set.h"

#include "coordinator/platform/local/json_fields.h"
#include "coordinator/platform/local/state_folder.h"

#include <array>
#include <utility>

namespace shardkeeper::platform::local {
namespace {

namespace json = boost::json;

constexpr std::array<std::pair<WorkerHealth, const char*>, 3> kHealthWords{
    {{WorkerHealth::kUp, "up"}, {WorkerHealth::kKilled, "killed"}, {WorkerHealth::kStopped, "stopped"}}};

std::string to_word(WorkerHealth health) {
  for (const auto& [value, word] : kHealthWords)
    if (value == health) return word;
  return {};
}

Result<WorkerHealth> parse_health(const std::string& where, const std::string& text) {
  for (const auto& [value, word] : kHealthWords)
    if (text == word) return value;
  return invalid(where, "health: must be up, killed or stopped");
}

std::string to_json(const std::map<WorkerName, WorkerRecord>& workers) {
  json::array list;
  for (const auto& [name, worker] : workers)
    list.push_back(json::object{{"name", name.value},
                                {"zone", worker.zone},
                                {"health", to_word(worker.health)},
                                {"cordoned", worker.is_cordoned},
                                {"confirmedLost", worker.is_confirmed_lost}});
  return json::serialize(json::object{{"workers", std::move(list)}}) + "\n";
}

Result<std::map<WorkerName, WorkerRecord>> read(const std::filesystem::path& file) {
  std::map<WorkerName, WorkerRecord> workers;
  const auto text = read_file(file);
  if (!text) {
    if (text.error().kind == ErrorKind::kNotFound) return workers;
    return text.error();
  }
  const auto object = parse_object(file.string(), *text);
  if (!object) return object.error();
  Fields fields(file.string(), *object);
  Result<void> healths;
  fields.each("workers", [&](Fields& entry) {
    WorkerRecord worker;
    const WorkerName name(entry.text("name"));
    worker.zone = entry.text("zone");
    const auto health = parse_health(file.string(), entry.text("health"));
    worker.is_cordoned = entry.flag("cordoned");
    worker.is_confirmed_lost = entry.flag("confirmedLost");
    if (health)
      worker.health = *health;
    else
      healths = health.error();
    workers[name] = worker;
  });
  if (const auto sound = fields.result(); !sound) return sound.error();
  if (!healths) return healths.error();
  return workers;
}

Result<void> check(const std::vector<WorkerOptions>& options) {
  if (options.empty()) return invalid("workers", "there must be at least one; name them with --worker NAME");
  std::set<WorkerName> names;
  for (const auto& worker : options) {
    if (!is_dns_label(worker.name.value))
      return invalid("worker '" + worker.name.value.substr(0, 80) + "'", "its name must be 1 to 63 of a-z, 0-9 and -");
    if (!names.insert(worker.name).second) return invalid("worker '" + worker.name.value + "'", "is named twice");
  }
  return {};
}

}  // namespace

Result<WorkerSet> WorkerSet::open(std::filesystem::path file, const std::vector<WorkerOptions>& options,
                                  const std::set<WorkerName>& with_pods) {
  if (const auto sound = check(options); !sound) return sound.error();
  const auto known = read(file);
  if (!known) {
    if (known.error().kind != ErrorKind::kInvalid) return known.error();
    return invalid(known.error().where,
                   known.error().detail + "; correct the file, or delete it to forget which workers were cordoned or lost");
  }
  std::map<WorkerName, WorkerRecord> workers;
  for (const auto& [name, record] : *known) {
    if (!with_pods.contains(name)) continue;
    workers[name] = record;
    workers[name].is_cordoned = true;
  }
  for (const auto& worker : options) {
    const auto before = known->find(worker.name);
    workers[worker.name] = before == known->end() ? WorkerRecord{} : before->second;
    workers[worker.name].zone = worker.zone;
  }
  WorkerSet set(std::move(file), std::move(workers));
  if (const auto written = write_file(set.file_, to_json(set.workers_)); !written) return written.error();
  return set;
}

WorkerHealth WorkerSet::health(const WorkerName& worker) const {
  const auto found = workers_.find(worker);
  return found == workers_.end() ? WorkerHealth::kUp : found->second.health;
}

std::vector<model::Worker> WorkerSet::view() const {
  std::vector<model::Worker> view;
  for (const auto& [name, worker] : workers_) {
    view.push_back({name, worker.zone, worker.health == WorkerHealth::kUp, !worker.is_cordoned, {}});
    if (worker.is_confirmed_lost) view.back().taints.emplace_back(model::kTaintOutOfService);
  }
  return view;
}

Result<WorkerRecord> WorkerSet::find(const WorkerName& worker) const {
  const auto found = workers_.find(worker);
  if (found != workers_.end()) return found->second;
  std::string names;
  for (const auto& [name, record] : workers_) names += (names.empty() ? "" : ", ") + name.value;
  return not_found("worker '" + worker.value + "'", "there is none of that name; there are " + names);
}

Result<void> WorkerSet::put(const WorkerName& worker, const WorkerRecord& record) {
  if (const auto known = find(worker); !known) return known.error();
  auto changed = workers_;
  changed[worker] = record;
  if (const auto written = write_file(file_, to_json(changed)); !written) return written.error();
  workers_ = std::move(changed);
  return {};
}

}  // namespace shardkeeper::platform::local
