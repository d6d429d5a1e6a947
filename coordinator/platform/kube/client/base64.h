// Base64 as kubeconfig files and Secrets have it (RFC 4648, with padding). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shardkeeper::platform::kube {

std::string to_base64(std::string_view bytes);
// Line breaks and blanks are skipped; none when anything else is wrong.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace shardkeeper::platform::kube
