#include "coordinator/platform/kube/client/object_cache.h"

#include "coordinator/platform/kube/client/fields.h"

#include <boost/json.hpp>

#include <utility>
#include <vector>

namespace shardkeeper::platform::kube {

Result<ObjectName> name_of(const boost::json::object& object) {
  ObjectName name{text_at(object, {"metadata", "namespace"}), text_at(object, {"metadata", "name"})};
  if (name.name.empty()) return invalid("object", "has no metadata.name");
  return name;
}

std::string version_of(const boost::json::object& object) { return text_at(object, {"metadata", "resourceVersion"}); }

const boost::json::object* ObjectCache::find(const ObjectName& name) const {
  const auto found = objects_.find(name);
  return found == objects_.end() ? nullptr : &found->second;
}

namespace {

// Who set which field: often half of an object, read by nobody here, and kept for as long as the object is.
void drop_managed_fields(boost::json::object& object) {
  if (auto* metadata = object.if_contains("metadata"); metadata != nullptr && metadata->is_object())
    metadata->get_object().erase("managedFields");
}

}  // namespace

Result<void> ObjectCache::add_page(boost::json::value page) {
  auto* list = page.if_object();
  auto* items = list == nullptr ? nullptr : list->if_contains("items");
  if (items == nullptr) return invalid("list", "is no list: it has no items");
  // An empty list of some servers has null for items.
  if (items->is_null()) return {};
  if (!items->is_array()) return invalid("list", "is no list: items are no array");
  for (auto& item : items->as_array()) {
    if (!item.is_object()) return invalid("list", "an item is no object");
    auto name = name_of(item.as_object());
    if (!name) return invalid("list", "an item has no metadata.name");
    drop_managed_fields(item.as_object());
    listed_.insert_or_assign(std::move(*name), std::move(item.as_object()));
  }
  return {};
}

void ObjectCache::complete_list(const Changed& changed) {
  auto before = std::exchange(objects_, std::exchange(listed_, {}));
  for (const auto& [name, object] : before)
    if (!objects_.contains(name) && !changed({Change::Type::kDeleted, name, object})) return;
  for (auto& [name, object] : objects_) {
    const auto old = before.find(name);
    if (!tell_listed(name, object, old == before.end() ? nullptr : &old->second, changed)) return;
    slim(object);
  }
}

bool ObjectCache::tell_listed(const ObjectName& name, const boost::json::object& object, const boost::json::object* before,
                              const Changed& changed) {
  if (before == nullptr) return changed({Change::Type::kAdded, name, object});
  if (version_of(*before) == version_of(object)) return true;
  // Deleted and made anew while nobody looked: its uid is another, and the old one's end must not go unseen.
  const bool is_another = text_at(*before, {"metadata", "uid"}) != text_at(object, {"metadata", "uid"});
  if (is_another && !changed({Change::Type::kDeleted, name, *before})) return false;
  return changed({is_another ? Change::Type::kAdded : Change::Type::kModified, name, object});
}

void ObjectCache::slim(boost::json::object& object) const {
  for (const auto& member : dropped_) object.erase(member);
}

Result<void> ObjectCache::apply(WatchEvent event, const Changed& changed) {
  auto* object = event.object.if_object();
  if (object == nullptr) return invalid("watch", "an event's object is none");
  const auto name = name_of(*object);
  if (!name) return invalid("watch", "an event's object has no metadata.name");
  if (version_of(*object).empty()) return invalid("watch", "an event's object has no metadata.resourceVersion");
  if (event.type == WatchEvent::Type::kDeleted) {
    objects_.erase(*name);
    changed({Change::Type::kDeleted, *name, *object});
    return {};
  }
  drop_managed_fields(*object);
  // Whether it is new is told by what we have, not by the event: after a gap an object that we know may come as added.
  const auto [kept, is_new] = objects_.insert_or_assign(*name, std::move(*object));
  if (changed({is_new ? Change::Type::kAdded : Change::Type::kModified, *name, kept->second})) slim(kept->second);
  return {};
}

}  // namespace shardkeeper::platform::kube
