// Events and workers as tables.
#pragma once

#include "cli/render/look.h"

#include "shardkeeper/admin/v1/admin.pb.h"

#include <string>

namespace shardkeeper::cli::render {

std::string draw_events(const admin::v1::Events& events, const Look& look);  // in the given order: newest last
std::string draw_workers(const admin::v1::Workers& workers, const Look& look);

}  // namespace shardkeeper::cli::render
