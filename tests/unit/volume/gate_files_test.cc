#include "agent/io/gate_files.h"

#include "agent/io/volume_layout.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

namespace shardkeeper::agent {
namespace {

const std::string kId = "0123456789abcdef0123456789abcdef";

TEST(Request, IsReadAsLaunchWritesIt) {
  const auto request = parse_request(kId + " 8.0.1\n");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->id, StartId(kId));
  EXPECT_EQ(request->version, (ServerVersion{8, 0, 1}));
}

TEST(Request, IsRefusedWhenItIsNotWhole) {
  const std::string cases[] = {"",
                               "\n",
                               kId,
                               kId + "\n",
                               kId + " 8.0.1",
                               kId + " 8.0\n",
                               kId.substr(1) + " 8.0.1\n",
                               kId + "0 8.0.1\n",
                               "X" + kId.substr(1) + " 8.0.1\n",
                               kId + " 8.0.1\nmore\n",
                               kId + "  8.0.1\n",
                               std::string(5000, 'a') + "\n"};
  for (const auto& text : cases) EXPECT_FALSE(parse_request(text)) << text;
}

TEST(Grant, IsReadAsItWasWritten) {
  const test::TempDir volume;
  EXPECT_EQ(read_grant(volume.path()), std::nullopt);
  ASSERT_TRUE(write_grant(volume.path(), StartId(kId), "no node\nlists it"));
  EXPECT_EQ(read_grant(volume.path()), StartId(kId));
  EXPECT_EQ(test::read_file(volume / layout::kGrant), kId + "\nno node lists it\n") << "evidence is one line";
}

TEST(Grant, OfAnotherFormIsNone) {
  const test::TempDir volume;
  for (const std::string& text : {std::string(), kId, "x" + kId + "\n", std::string(100'000, 'a')}) {
    test::write_file(volume / layout::kGrant, text);
    EXPECT_EQ(read_grant(volume.path()), std::nullopt);
  }
}

TEST(Grant, NamesTheFolderWhenItCannotBeWritten) {
  const test::TempDir volume;
  const auto written = write_grant(volume / "missing", StartId(kId), "");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(written.error().where, (volume / "missing" / "grant").string());
}

}  // namespace
}  // namespace shardkeeper::agent
