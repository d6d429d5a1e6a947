// What was found (why something is done, or is not) and which steps are under way.
#pragma once

#include "cli/render/look.h"

#include "shardkeeper/admin/v1/admin.pb.h"

#include <string>

namespace shardkeeper::cli::render {

using Findings = google::protobuf::RepeatedPtrField<admin::v1::Finding>;
using Sentences = google::protobuf::RepeatedPtrField<std::string>;

// The gravest family first. REQUIRES at least one.
std::string draw_findings(const Findings& findings, const Look& look);
std::string draw_operations(const Sentences& operations, const Look& look);

}  // namespace shardkeeper::cli::render
