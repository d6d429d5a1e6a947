#include "coordinator/platform/kube/objects/covers.h"

#include <boost/json/array.hpp>

#include <algorithm>

namespace shardkeeper::platform::kube {

bool covers(const boost::json::value& live, const boost::json::value& wanted) {
  if (const auto* fields = wanted.if_object()) {
    const auto* live_fields = live.if_object();
    if (live_fields == nullptr) return false;
    return std::all_of(fields->begin(), fields->end(), [&](const auto& field) {
      const auto* there = live_fields->if_contains(field.key());
      return there != nullptr && covers(*there, field.value());
    });
  }
  if (const auto* list = wanted.if_array()) {
    const auto* live_list = live.if_array();
    return live_list != nullptr && std::equal(list->begin(), list->end(), live_list->begin(), live_list->end(),
                                              [](const auto& w, const auto& l) { return covers(l, w); });
  }
  return live == wanted;
}

}  // namespace shardkeeper::platform::kube
