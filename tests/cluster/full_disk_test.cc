// A full disk under a running cluster: said with the file and the reason, no server is touched, and it heals when there is space again.
#include "tests/cluster/local_cluster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <set>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace shardkeeper::test {
namespace {

constexpr int kKeys = 300;

// Mounts of this program are its own from here on. REQUIRES no other thread yet.
bool enter_own_mount_namespace() {
  const auto uid = std::to_string(::geteuid());
  const auto gid = std::to_string(::getegid());
  if (::unshare(CLONE_NEWNS | (uid == "0" ? 0 : CLONE_NEWUSER)) != 0) return false;
  if (uid != "0") {
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << uid << " " << uid << " 1";
    std::ofstream("/proc/self/gid_map") << gid << " " << gid << " 1";
  }
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

// A file system of its own for a folder, and a file that fills it.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    is_mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=24m") == 0;
  }
  ~SmallDisk() {
    if (is_mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_mounted() const { return is_mounted_; }

  void fill() {
    const int file = ::open(ballast().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    static constexpr std::array<char, 4096> kPage{};
    while (::write(file, kPage.data(), kPage.size()) > 0) continue;
    ::close(file);
  }
  void leave_free(std::uintmax_t bytes) { std::filesystem::resize_file(ballast(), std::filesystem::file_size(ballast()) - bytes); }
  void clear() { std::filesystem::remove(ballast()); }

 private:
  std::filesystem::path ballast() const { return folder_ / "ballast"; }

  std::filesystem::path folder_;
  bool is_mounted_ = false;
};

class FullDisk : public testing::TestWithParam<ValkeyLine> {};
INSTANTIATE_TEST_SUITE_P(, FullDisk, testing::ValuesIn(kValkeyLines), [](const auto& info) { return "Valkey" + to_string(info.param); });

bool says_full(const admin::v1::ClusterStatus& status, const std::string& reason) {
  return std::ranges::any_of(status.findings(), [&](const auto& finding) {
    return finding.reason() == reason && finding.detail().find("No space left on device") != std::string::npos;
  });
}

std::set<pid_t> running_servers(LocalCluster& cluster) {
  std::set<pid_t> pids;
  for (const auto& pod : cluster.pods())
    if (pod.server != 0) pids.insert(pod.server);
  return pids;
}

// There is room for a new pod's folder, and none for what `prepare` puts into it.
TEST_P(FullDisk, UnderANewPodIsSaidAndHealsWithoutHarm) {
  LocalClusterOptions options{.line = GetParam()};
  LocalCluster cluster(options);
  SmallDisk disk(cluster.folder() / "state");
  // tidy: trouble_test, prepare_test and state_folder_test show each part's own error where no file system can be mounted.
  if (!disk.is_mounted()) GTEST_SKIP() << "this kernel lets us mount nothing";
  cluster.start_coordinator();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  cluster.load(kKeys);
  const auto pids = running_servers(cluster);

  disk.fill();
  disk.leave_free(200'000);
  options.replicas_per_shard = 2;
  cluster.write_manifest(options);
  ASSERT_TRUE(cluster.wait_for([](const auto& now) { return says_full(now, "PodTrouble"); })) << cluster.status_text();
  EXPECT_EQ(cluster.readable(kKeys), kKeys);

  disk.clear();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_TRUE(std::ranges::includes(running_servers(cluster), pids)) << "a server did not survive the full disk";
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
}

// Not a byte is left, not even for the cluster's own record.
TEST_P(FullDisk, UnderAChangedManifestIsSaidAndTheChangeFollows) {
  LocalClusterOptions options{.line = GetParam(), .replicas_per_shard = 0};
  LocalCluster cluster(options);
  SmallDisk disk(cluster.folder() / "state");
  // tidy: trouble_test, prepare_test and state_folder_test show each part's own error where no file system can be mounted.
  if (!disk.is_mounted()) GTEST_SKIP() << "this kernel lets us mount nothing";
  cluster.start_coordinator();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  cluster.load(kKeys);
  disk.fill();
  options.replicas_per_shard = 1;
  cluster.write_manifest(options);
  ASSERT_TRUE(cluster.wait_for([](const auto& now) { return says_full(now, "StepFailed"); })) << cluster.status_text();
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
  disk.clear();
  ASSERT_TRUE(cluster.wait_ready()) << cluster.status_text();
  EXPECT_EQ(cluster.readable(kKeys), kKeys);
}

}  // namespace
}  // namespace shardkeeper::test

int main(int argc, char** argv) {
  // Where it fails, the mount does, too, and the test says so.
  shardkeeper::test::enter_own_mount_namespace();
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
