// The tree's own C++ files, for tests that read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shardkeeper::tidy {

struct SourceFile {
  std::string path;  // "common/log/log.cc"
  // Comments blanked out, string literals kept. The statement before or below the comment "// tidy: REASON" is left out: an exception carries its
  // reason.
  std::vector<std::string> lines;
};

// `text` with every comment replaced by blanks of the same length; strings, raw strings and character literals are left alone.
std::string without_comments(std::string_view text);

// The lines of a file as SourceFile describes them.
std::vector<std::string> lines_to_check(std::string_view text);

// All .h and .cc files below agent, bench, cli, common, coordinator and tests, sorted by path.
std::vector<SourceFile> read_source_tree();

}  // namespace shardkeeper::tidy
