// What this code base does not write, where, and what to write instead.
#pragma once

#include "tests/tidy/source_tree.h"

#include <string>
#include <string_view>
#include <vector>

namespace shardkeeper::tidy {

struct Rule {
  std::string_view token;                    // plain text; a word boundary is asked for at each end that is a letter
  std::vector<std::string_view> applies_to;  // path prefixes
  std::vector<std::string_view> but_not;     // path prefixes inside those
  std::string_view instead;
};

const std::vector<Rule>& rules();

// "common/a.cc:7: std::cout: log by common/log …" for every line of `files` that breaks a rule.
std::vector<std::string> violations(const std::vector<SourceFile>& files, const std::vector<Rule>& rules);

}  // namespace shardkeeper::tidy
