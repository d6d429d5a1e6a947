// Files replaced as a whole, or not at all.
#include "coordinator/manifest/replace_text.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <filesystem>
#include <iterator>

namespace shardkeeper::manifest {
namespace {

using testing::HasSubstr;

class ReplacedText : public testing::Test {
 protected:
  ReplacedText() { write("old\n"); }
  void write(const std::string& text) const { test::write_file(path_, text); }
  std::string text() const { return test::read_file(path_); }
  long files() const { return std::distance(std::filesystem::directory_iterator(folder_.path()), {}); }

  test::TempDir folder_;
  const std::string path_ = (folder_ / "c.yaml").string();
};

TEST_F(ReplacedText, KeepsTheMode) {
  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  const auto written = replace_text(path_, [](const std::string& old) { return Result<std::string>(old + "new\n"); });
  ASSERT_TRUE(written) << to_string(written.error());
  EXPECT_TRUE(*written);
  EXPECT_EQ(text(), "old\nnew\n");
  struct stat about {};
  ASSERT_EQ(stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777U, 0640U);
  EXPECT_EQ(files(), 1);
}

TEST_F(ReplacedText, WritesNothingWhereNothingChanges) {
  EXPECT_FALSE(*replace_text(path_, [](const std::string& old) { return Result<std::string>(old); }));
  const auto failed = replace_text(path_, [](const std::string&) { return Result<std::string>(invalid("c", "is wrong")); });
  EXPECT_EQ(failed.error(), invalid("c", "is wrong"));
  EXPECT_EQ(text(), "old\n");
  EXPECT_EQ(files(), 1);
}

TEST_F(ReplacedText, KeepsALink) {
  const auto link = (folder_ / "link.yaml").string();
  std::filesystem::create_symlink(path_, link);
  EXPECT_TRUE(*replace_text(link, [](const std::string&) { return Result<std::string>("new\n"); }));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(text(), "new\n");
}

TEST_F(ReplacedText, RefusesWhatIsNotToBeWritten) {
  const auto edit = [](const std::string&) { return Result<std::string>("new\n"); };
  ASSERT_EQ(chmod(path_.c_str(), 0444), 0);
  const auto read_only = replace_text(path_, edit);
  ASSERT_FALSE(read_only);
  EXPECT_EQ(read_only.error().kind, ErrorKind::kRefused);
  EXPECT_THAT(read_only.error().detail, HasSubstr("is read-only"));
  EXPECT_EQ(text(), "old\n");
  EXPECT_THAT(replace_text(folder_.path().string(), edit).error().detail, HasSubstr("not a regular file"));
  EXPECT_EQ(replace_text((folder_ / "none").string(), edit).error().kind, ErrorKind::kUnavailable);
}

TEST_F(ReplacedText, GivesWayToSomebodyElsesChange) {
  const auto overtaken = replace_text(path_, [&](const std::string&) {
    write("somebody else's\n");
    return Result<std::string>("new\n");
  });
  ASSERT_FALSE(overtaken);
  EXPECT_EQ(overtaken.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(text(), "somebody else's\n");
  EXPECT_EQ(files(), 1);
}

}  // namespace
}  // namespace shardkeeper::manifest
