// render-crd FOLDER: writes what is rendered from the tables of fields into the source tree at FOLDER.
#include "coordinator/crd/rendered_files.h"

#include <filesystem>
#include <fstream>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (const auto& [path, text] : shardkeeper::crd::rendered_files()) {
    const auto file = std::filesystem::path(argv[1]) / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    if (!std::filesystem::exists(file)) return 1;
  }
  return 0;
}
