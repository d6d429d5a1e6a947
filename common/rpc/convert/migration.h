// Slot migration jobs and their progress, to and from the wire.
#pragma once

#include "common/node/migration.h"
#include "common/rpc/convert/reader.h"

namespace shardkeeper::rpc::convert {

void to_proto(const MigrationJob& job, pb::MigrationJob& out);
MigrationJob read_job(Reader& read, const pb::MigrationJob& in);

void to_proto(const MigrationProgress& progress, pb::MigrationProgress& out);
MigrationProgress read_progress(Reader& read, const pb::MigrationProgress& in);

}  // namespace shardkeeper::rpc::convert
