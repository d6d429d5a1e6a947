// Drawings compared with files. SHARDKEEPER_REWRITE_GOLDEN=1 writes the files anew; the difference is then reviewed like code.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace shardkeeper::cli {

inline void expect_golden(const std::string& name, const std::string& drawn) {
  const auto path = std::filesystem::path(SK_GOLDEN_DIR) / name;
  if (std::getenv("SHARDKEEPER_REWRITE_GOLDEN") != nullptr) std::ofstream(path) << drawn;
  std::ifstream file(path);
  std::stringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(drawn, expected.str()) << path << " differs; run with SHARDKEEPER_REWRITE_GOLDEN=1 to accept the new drawing";
}

}  // namespace shardkeeper::cli
