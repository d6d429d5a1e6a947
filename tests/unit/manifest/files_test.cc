// Followed files: what a running coordinator makes of edits, good and bad. Time is stepped by hand.
#include "coordinator/manifest/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <deque>
#include <filesystem>
#include <fstream>

namespace shardkeeper::manifest {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// One pending timer at a time, fired by hand.
class FakeScheduler final : public Scheduler {
 public:
  TimePoint now() const override { return {}; }
  std::int64_t unix_ms() const override { return 0; }
  void post(std::function<void()>) override { ADD_FAILURE() << "nothing is posted"; }
  std::unique_ptr<Timer> after(Duration, std::function<void()> work) override {
    auto timer = std::make_unique<FakeTimer>(*this);
    pending_ = std::move(work);
    owner_ = timer.get();
    return timer;
  }
  void fire() {
    ASSERT_TRUE(pending_);
    const auto work = std::exchange(pending_, nullptr);
    work();
  }
  bool is_idle() const { return pending_ == nullptr; }

 private:
  struct FakeTimer final : Timer {
    explicit FakeTimer(FakeScheduler& s) : scheduler(s) {}
    ~FakeTimer() override {
      if (scheduler.owner_ == this) scheduler.pending_ = nullptr;
    }
    FakeScheduler& scheduler;
  };
  std::function<void()> pending_;
  const Timer* owner_ = nullptr;
};

std::string manifest_of(const std::string& name, int shards, const std::string& space = "default") {
  return "apiVersion: shardkeeper.io/v1alpha1\nkind: ValkeyCluster\nmetadata: {name: " + name + ", namespace: " + space +
         "}\nspec:\n  image: v\n  shards: " + std::to_string(shards) + "\n";
}

class FollowedFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "sk-files-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }

  void start(std::vector<std::string> names) {
    for (auto& name : names) name = path(name);
    files_ = std::make_unique<ManifestFiles>(scheduler_, std::move(names));
    files_->follow([this] { ++changes_; });
  }
  // Two polls: the first sees the change, the second that it is complete.
  void poll_twice() {
    scheduler_.fire();
    scheduler_.fire();
  }
  const WantedCluster& only() const { return files_->clusters().at(0); }

  FakeScheduler scheduler_;
  std::filesystem::path folder_;
  std::unique_ptr<ManifestFiles> files_;
  int changes_ = 0;
};

TEST_F(FollowedFiles, AreReadAtOnce) {
  write("a.yaml", manifest_of("beta", 3));
  write("b.yaml", manifest_of("alpha", 1));
  start({"a.yaml", "b.yaml"});
  ASSERT_THAT(files_->clusters(), SizeIs(2));
  EXPECT_EQ(files_->clusters()[0].object.name, ClusterName("alpha"));
  EXPECT_EQ(files_->clusters()[0].file, path("b.yaml"));
  EXPECT_THAT(files_->errors(), IsEmpty());
}

TEST_F(FollowedFiles, AChangeIsReadOnceItIsComplete) {
  write("a.yaml", manifest_of("cache", 3));
  start({"a.yaml"});
  write("a.yaml", manifest_of("cache", 4) + "  # half ");
  scheduler_.fire();
  EXPECT_EQ(only().object.spec.shards, 3);
  write("a.yaml", manifest_of("cache", 5) + "  # and the other half");
  scheduler_.fire();
  EXPECT_EQ(only().object.spec.shards, 3);
  scheduler_.fire();
  EXPECT_EQ(only().object.spec.shards, 5);
  EXPECT_EQ(changes_, 1);
}

TEST_F(FollowedFiles, ReplacementByRenameIsSeen) {
  write("a.yaml", manifest_of("cache", 3));
  start({"a.yaml"});
  write("new", manifest_of("cache", 4));
  std::filesystem::rename(path("new"), path("a.yaml"));
  poll_twice();
  EXPECT_EQ(only().object.spec.shards, 4);
}

TEST_F(FollowedFiles, TouchingWithoutAChangeIsNotReported) {
  write("a.yaml", manifest_of("cache", 3));
  start({"a.yaml"});
  write("a.yaml", manifest_of("cache", 3) + "# a comment\n");
  poll_twice();
  EXPECT_EQ(changes_, 0);
}

TEST_F(FollowedFiles, ABadFileLeavesTheClusterAsItWas) {
  write("a.yaml", manifest_of("cache", 3));
  start({"a.yaml"});
  write("a.yaml", manifest_of("cache", 2));
  poll_twice();
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(only().object.spec.shards, 3);
  EXPECT_EQ(only().stale_because, path("a.yaml") +
                                      ":6: spec.shards: must be 1 or at least 3: of two primaries neither can be outvoted when one "
                                      "is lost; the running cluster is left as it was");
  EXPECT_THAT(files_->errors(), SizeIs(1));

  write("a.yaml", manifest_of("cache", 7));
  poll_twice();
  EXPECT_EQ(changes_, 2);
  EXPECT_EQ(only().object.spec.shards, 7);
  EXPECT_EQ(only().stale_because, "");
  EXPECT_THAT(files_->errors(), IsEmpty());
}

TEST_F(FollowedFiles, AnEmptyFileLeavesTheClusterAsItWas) {
  write("a.yaml", manifest_of("cache", 3));
  start({"a.yaml"});
  write("a.yaml", "");
  poll_twice();
  ASSERT_THAT(files_->clusters(), SizeIs(1));
  EXPECT_THAT(only().stale_because, HasSubstr("it is empty"));
}

TEST_F(FollowedFiles, ARemovedFileLeavesTheClusterAsItWas) {
  write("a.yaml", manifest_of("cache", 3));
  start({"a.yaml"});
  std::filesystem::remove(path("a.yaml"));
  poll_twice();
  ASSERT_THAT(files_->clusters(), SizeIs(1));
  EXPECT_EQ(only().stale_because, path("a.yaml") + ": cannot be opened: No such file or directory; the running cluster is left as it was");
  write("a.yaml", manifest_of("cache", 3));
  poll_twice();
  EXPECT_EQ(only().stale_because, "");
  EXPECT_EQ(changes_, 2);
}

TEST_F(FollowedFiles, ARemovedDocumentLeavesTheClusterAsItWas) {
  write("a.yaml", manifest_of("cache", 3) + "---\n" + manifest_of("other", 1));
  start({"a.yaml"});
  write("a.yaml", manifest_of("cache", 3));
  poll_twice();
  ASSERT_THAT(files_->clusters(), SizeIs(2));
  EXPECT_EQ(files_->clusters()[1].stale_because, path("a.yaml") + ": no longer holds this cluster; the running cluster is left as it was");
  EXPECT_EQ(files_->clusters()[0].stale_because, "");
}

TEST_F(FollowedFiles, AnotherNamespaceIsNotAllowed) {
  write("a.yaml", manifest_of("cache", 3));
  start({"a.yaml"});
  write("a.yaml", manifest_of("cache", 4, "shop"));
  poll_twice();
  EXPECT_EQ(only().object.spec.shards, 3);
  ASSERT_THAT(files_->errors(), SizeIs(1));
  EXPECT_THAT(to_string(files_->errors()[0]), HasSubstr("a.yaml:1: metadata.namespace: cannot change from \"default\" to \"shop\""));
}

TEST_F(FollowedFiles, ANewClusterIsTakenUp) {
  write("a.yaml", manifest_of("cache", 3));
  start({"a.yaml"});
  write("a.yaml", manifest_of("cache", 3) + "---\n" + manifest_of("other", 1));
  poll_twice();
  EXPECT_THAT(files_->clusters(), SizeIs(2));
}

TEST_F(FollowedFiles, FollowingEndsWithTheObject) {
  write("a.yaml", manifest_of("cache", 3));
  start({"a.yaml"});
  files_->follow([this] { files_.reset(); });
  write("a.yaml", manifest_of("cache", 4));
  poll_twice();
  EXPECT_EQ(files_, nullptr);
  EXPECT_TRUE(scheduler_.is_idle());
}

TEST_F(FollowedFiles, WhatIsNoRegularFileIsRefusedWithoutWaiting) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(to_string(read_manifest_file(path("pipe")).errors.at(0)), path("pipe") + ": is not a regular file");
  EXPECT_EQ(to_string(read_manifest_file(folder_).errors.at(0)), folder_.string() + ": is not a regular file");
  EXPECT_EQ(to_string(read_manifest_file(path("none")).errors.at(0)), path("none") + ": cannot be opened: No such file or directory");
}

TEST_F(FollowedFiles, ALargeFileIsRefused) {
  write("big.yaml", std::string(kFileBytesMax * 3, '#'));
  EXPECT_THAT(to_string(read_manifest_file(path("big.yaml")).errors.at(0)), HasSubstr("big.yaml: is larger than 1 MiB"));
}

}  // namespace
}  // namespace shardkeeper::manifest
