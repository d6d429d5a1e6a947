// What would move, before anything is done.
#pragma once

#include "cli/render/look.h"

#include "shardkeeper/admin/v1/admin.pb.h"

#include <string>

namespace shardkeeper::cli::render {

// Moves, and per shard slots, keys and memory with its expected peak; takers without room. The refusal is left to the caller.
std::string draw_plan(const admin::v1::ScalePlan& plan, const Look& look);

}  // namespace shardkeeper::cli::render
