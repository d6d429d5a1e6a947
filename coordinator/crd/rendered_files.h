// Which files of the source tree are rendered, and what they hold. A test compares; `render-crd .` writes them.
#pragma once

#include <string>
#include <vector>

namespace shardkeeper::crd {

struct RenderedFile {
  std::string path;  // from the root of the source tree
  std::string text;
};

std::vector<RenderedFile> rendered_files();

}  // namespace shardkeeper::crd
