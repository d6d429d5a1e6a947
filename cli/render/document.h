// Messages for programs: JSON and YAML of the same structure. Field names are those of the proto files in camelCase, every
// field is there, and numbers are numbers (64-bit ones too, unlike protobuf's own JSON, so that `jq '.keys > 5'` works).
#pragma once

#include <google/protobuf/message.h>
#include <boost/json/value.hpp>

#include <string>

namespace shardkeeper::cli::render {

// Fields in the order of the proto file. Message fields that are not set are left out. REQUIRES no map fields.
boost::json::value structure_of(const google::protobuf::Message& message);

std::string json_text(const boost::json::value& value);       // indented, ends with a line break
std::string json_line_text(const boost::json::value& value);  // in one line, ends with a line break
std::string yaml_text(const boost::json::value& value);       // one document that begins with "---"

}  // namespace shardkeeper::cli::render
