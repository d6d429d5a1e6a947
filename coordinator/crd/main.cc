// render-crd FOLDER: writes what is rendered from the tables of fields into the source tree at FOLDER.
#include "coordinator/crd/rendered_files.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string_view>

int main(int argc, char** argv) {
  const std::string_view folder = argc == 2 ? argv[1] : "";
  if (folder.empty() || folder.starts_with('-')) {
    std::fputs(
        "Usage: render-crd FOLDER\n\nWrites CRD, chart files and reference, as the code defines them, into the source tree at FOLDER.\n",
        stderr);
    return folder == "--help" ? 0 : 2;
  }
  for (const auto& [path, text] : shardkeeper::crd::rendered_files()) {
    const auto file = std::filesystem::path(folder) / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream out(file);
    if (!(out << text << std::flush)) {
      std::fprintf(stderr, "%s cannot be written\n", file.c_str());
      return 1;
    }
  }
  return 0;
}
