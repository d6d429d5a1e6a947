// Rules for single values that a type alone does not say. Each returns the reason why `text` is wrong, or none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shardkeeper::manifest {

std::optional<std::string> cluster_name_rule(std::string_view text);  // DNS label that starts with a letter, <= 40 characters
std::optional<std::string> namespace_rule(std::string_view text);     // DNS label, <= 63 characters
std::optional<std::string> object_name_rule(std::string_view text);   // DNS subdomain: names of Secrets and classes
std::optional<std::string> image_rule(std::string_view text);         // as registry/name:tag, without spaces
std::optional<std::string> shards_rule(std::string_view text);        // 1 or >= 3
std::optional<std::string> rate_rule(std::string_view text);          // more than nothing
std::optional<std::string> not_empty_rule(std::string_view text);

}  // namespace shardkeeper::manifest
