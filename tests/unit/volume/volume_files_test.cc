#include "agent/io/volume_files.h"

#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

namespace shardkeeper::agent {
namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0;
}

TEST(SmallFiles, AreReplacedWholeAndLeaveNothingBeside) {
  const test::TempDir folder;
  ASSERT_TRUE(replace_file(folder / "a", "one"));
  ASSERT_TRUE(replace_file_durably(folder / "a", "two"));
  EXPECT_EQ(read_small_file(folder / "a", 3).value(), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  EXPECT_EQ(mode_of(folder / "a"), 0600U);
  ASSERT_TRUE(replace_program(folder / "b", "x"));
  EXPECT_EQ(mode_of(folder / "b"), 0755U);
}

TEST(SmallFiles, AreReadWithABound) {
  const test::TempDir folder;
  test::write_file(folder / "a", std::string(10'000, 'x'));
  EXPECT_EQ(read_small_file(folder / "a", 10'000)->size(), 10'000U);
  EXPECT_EQ(read_small_file(folder / "a", 9'999).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(read_small_file(folder / "b", 1).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(read_small_file(folder.path(), 1).error().kind, ErrorKind::kUnavailable) << "a folder";
}

TEST(SmallFiles, SayWhatToDoAboutAFullDisk) {
  const Error error = file_error("/v/token", "cannot be written", ENOSPC);
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_THAT(to_string(error), testing::AllOf(testing::HasSubstr("/v/token"), testing::HasSubstr("No space left"),
                                               testing::HasSubstr("raise the volume's size limit")));
}

}  // namespace
}  // namespace shardkeeper::agent
