// Who owns which slots, as a map: one cell a few slots.
#pragma once

#include "cli/render/look.h"
#include "common/types/slot_set.h"

#include "shardkeeper/admin/v1/admin.pb.h"

#include <string>

namespace shardkeeper::cli::render {

// What a coordinator says is not believed blindly: a text that is no set of slots is an empty one.
SlotSet slots_of(const std::string& text);

// The map with a legend below. A cell shows the letter of the shard that owns most of its slots; letters repeat from the 63rd shard on.
std::string draw_slot_map(const admin::v1::SlotMap& map, const Look& look);

}  // namespace shardkeeper::cli::render
