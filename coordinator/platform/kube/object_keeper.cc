#include "coordinator/platform/kube/object_keeper.h"

#include "common/log/log.h"
#include "coordinator/platform/kube/objects/covers.h"
#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/names.h"
#include "coordinator/platform/kube/objects/owner.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace shardkeeper::platform::kube {
namespace {

constexpr Duration kRetryMin = std::chrono::seconds(1);
constexpr Duration kRetryMax = std::chrono::seconds(60);
constexpr std::chrono::seconds kNoGrace{0};  // these objects have no life of their own

ObjectName place_of(const boost::json::object& object) {
  return {json::text_at(object, {"metadata", "namespace"}), json::text_at(object, {"metadata", "name"})};
}

// Versions are numbers in every API server there is; one that is none counts as new.
std::uint64_t number_of_version(const boost::json::object& object) {
  const auto text = json::text_at(object, {"metadata", "resourceVersion"});
  std::uint64_t version = 0;
  std::from_chars(text.data(), text.data() + text.size(), version);
  return version;
}

// Items of a list come without apiVersion and kind.
bool is_as_wanted(const boost::json::object& live, boost::json::object wanted) {
  wanted.erase("apiVersion");
  wanted.erase("kind");
  return covers(live, wanted);
}

Duration back_off(int failures) {
  Duration delay = kRetryMin;
  for (int i = 1; i < failures && delay < kRetryMax; ++i) delay *= 2;
  return std::min(delay, kRetryMax);
}

}  // namespace

ObjectKeeper::ObjectKeeper(Api& api, Scheduler& scheduler, Options options, Hooks hooks)
    : api_(api), scheduler_(scheduler), options_(std::move(options)), hooks_(std::move(hooks)) {
  const ReflectorOptions watched{.resource = options_.resource,
                                 .selection = {.space = "", .label_selector = options_.label_selector, .field_selector = ""},
                                 .seed = options_.seed};
  reflector_ = std::make_unique<Reflectors>(api_, scheduler_, watched, options_.spaces,
                                            Reflector::Hooks{.changed = [this](const Change& change) { look(change.name); },
                                                             .synced =
                                                                 [this] {
                                                                   look_at_all();
                                                                   hooks_.synced();
                                                                 },
                                                             .troubled = hooks_.watch_troubled});
}

ObjectKeeper::~ObjectKeeper() { *alive_ = false; }

bool ObjectKeeper::is_synced() const { return reflector_->is_synced(); }
const boost::json::object* ObjectKeeper::find(const ObjectName& name) const { return reflector_->find(name); }

const std::optional<Error>& ObjectKeeper::watch_trouble() const { return reflector_->trouble(); }

bool ObjectKeeper::is_settled(const ObjectName& name) const {
  const auto wanted = wanted_.find(name);
  return wanted != wanted_.end() && wanted->second.is_settled;
}

void ObjectKeeper::want(const std::string& owner_uid, std::vector<boost::json::object> objects) {
  std::set<ObjectName> names;
  owners_[owner_uid] = static_cast<int>(objects.size());
  for (auto& object : objects) {
    const auto name = place_of(object);
    names.insert(name);
    auto& wanted = wanted_[name];
    wanted.owner_uid = owner_uid;
    if (wanted.object == object) continue;
    wanted.object = std::move(object);
    wanted.is_settled = false;
    look(name);
  }
  std::vector<ObjectName> dropped;
  for (const auto& [name, wanted] : wanted_)
    if (wanted.owner_uid == owner_uid && !names.contains(name)) dropped.push_back(name);
  for (const auto& name : dropped) {
    wanted_.erase(name);
    look(name);
  }
}

void ObjectKeeper::forget(const std::string& owner_uid) {
  owners_.erase(owner_uid);
  std::erase_if(wanted_, [&](const auto& entry) { return entry.second.owner_uid == owner_uid; });
}

void ObjectKeeper::look_at_all() {
  std::set<ObjectName> names;
  for (const auto& [name, wanted] : wanted_) names.insert(name);
  for (auto& name : reflector_->names()) names.insert(std::move(name));
  for (const auto& name : names) look(name);
}

bool ObjectKeeper::is_stale(const Wanted& wanted, const boost::json::object& live) const {
  const auto version = number_of_version(live);
  return version != 0 && version < wanted.written_version;
}

void ObjectKeeper::look(const ObjectName& name) {
  if (!reflector_ || !reflector_->is_synced()) return;  // null inside the constructor
  const auto* live = reflector_->find(name);
  const auto found = wanted_.find(name);
  if (found == wanted_.end()) {
    if (live != nullptr) remove_unwanted(name, *live);
    return;
  }
  auto& wanted = found->second;
  if (wanted.is_writing || wanted.retry) return;
  if (live != nullptr && is_stale(wanted, *live)) return;
  if (live == nullptr || !is_as_wanted(*live, wanted.object)) return write(name, wanted);
  wanted.failures = 0;
  if (std::exchange(wanted.is_settled, true)) return;
  hooks_.settled(name);
}

void ObjectKeeper::write(const ObjectName& name, Wanted& wanted) {
  wanted.is_writing = true;
  wanted.is_settled = false;
  api_.call(apply_request(options_.resource, name, wanted.object, FieldManager{kFieldManager}),
            [this, alive = std::weak_ptr<bool>(alive_), name, sent = wanted.object](const Result<boost::json::value>& reply) {
              if (const auto still = alive.lock(); still && *still) wrote(name, sent, reply);
            });
}

void ObjectKeeper::wrote(const ObjectName& name, const boost::json::object& sent, const Result<boost::json::value>& reply) {
  const auto found = wanted_.find(name);
  if (found == wanted_.end()) return look(name);
  auto& wanted = found->second;
  wanted.is_writing = false;
  if (!reply) {
    ++wanted.failures;
    wanted.retry = scheduler_.after(back_off(wanted.failures), [this, name] {
      if (const auto again = wanted_.find(name); again != wanted_.end()) {
        again->second.retry.reset();
        look(name);
      }
    });
    return hooks_.troubled(name, reply.error());
  }
  wanted.failures = 0;
  if (const auto* object = reply->if_object()) wanted.written_version = number_of_version(*object);
  if (sent != wanted.object) return look(name);
  wanted.is_settled = true;
  log::info("object written", {{"kind", options_.resource.kind}, {"name", to_string(name)}});
  hooks_.settled(name);
}

// Only what its owner wants nothing of any more: a budget of a shard that is gone.
void ObjectKeeper::remove_unwanted(const ObjectName& name, const boost::json::object& live) {
  const auto owner = owner_of(live);
  if (!owner || !owners_.contains(owner->uid) || !json::text_at(live, {"metadata", "deletionTimestamp"}).empty()) return;
  log::info("object deleted", {{"kind", options_.resource.kind}, {"name", to_string(name)}});
  api_.call(delete_request(options_.resource, name, Preconditions{json::text_at(live, {"metadata", "uid"}), ""}, kNoGrace),
            [name](const Result<boost::json::value>& reply) {
              if (!reply && reply.error().kind != ErrorKind::kNotFound)
                log::warn("object cannot be deleted", {{"name", to_string(name)}, {"reason", to_string(reply.error())}});
            });
}

}  // namespace shardkeeper::platform::kube
