// docs/reference/valkeycluster.md: every field of spec and status in one table each. Pure.
#pragma once

#include <string>

namespace shardkeeper::crd {

std::string reference_page();

}  // namespace shardkeeper::crd
