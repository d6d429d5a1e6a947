// Whether an object already says what we want it to: nothing is written at rest. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace shardkeeper::platform::kube {

// Every field of `wanted` stands in `live` with that value. What the server added (defaults, its own metadata, others' labels) does not
// matter; lists must be equally long, since leaving an element out means that it should go.
bool covers(const boost::json::value& live, const boost::json::value& wanted);

}  // namespace shardkeeper::platform::kube
