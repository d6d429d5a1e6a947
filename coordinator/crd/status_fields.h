// What the coordinator writes into the status of a ValkeyCluster, as a table of the same kind as the manifest's. Whoever writes a status
// writes no other fields: what the CRD does not name, the API server drops.
#pragma once

#include "coordinator/manifest/schema.h"

namespace shardkeeper::crd {

const manifest::Field& status_schema();

}  // namespace shardkeeper::crd
