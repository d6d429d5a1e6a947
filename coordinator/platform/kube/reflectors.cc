#include "coordinator/platform/kube/reflectors.h"

#include <algorithm>

namespace shardkeeper::platform::kube {

Reflectors::Reflectors(Api& api, Scheduler& scheduler, ReflectorOptions options, const std::vector<std::string>& spaces,
                       Reflector::Hooks hooks)
    : hooks_(std::move(hooks)) {
  const Reflector::Hooks of_part{.changed = hooks_.changed,
                                 .synced =
                                     [this] {
                                       if (is_synced()) hooks_.synced();
                                     },
                                 .troubled = hooks_.troubled};
  for (const auto& space : spaces.empty() ? std::vector<std::string>{""} : spaces) {
    options.selection.space = space;
    ++options.seed;
    parts_.push_back(std::make_unique<Reflector>(api, scheduler, options, of_part));
  }
}

const boost::json::object* Reflectors::find(const ObjectName& name) const {
  for (const auto& part : parts_)
    if (const auto* found = part->find(name)) return found;
  return nullptr;
}

std::vector<ObjectName> Reflectors::names() const {
  std::vector<ObjectName> names;
  for (const auto& part : parts_)
    for (const auto& [name, object] : part->objects()) names.push_back(name);
  return names;
}

bool Reflectors::is_synced() const {
  return std::ranges::all_of(parts_, [](const auto& part) { return part->is_synced(); });
}

const std::optional<Error>& Reflectors::trouble() const {
  static const std::optional<Error> kNone;
  for (const auto& part : parts_)
    if (part->trouble()) return part->trouble();
  return kNone;
}

}  // namespace shardkeeper::platform::kube
