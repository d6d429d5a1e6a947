#include "common/tls/authority.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace shardkeeper::tls {
namespace {

constexpr std::chrono::sys_seconds kNow = std::chrono::sys_days(std::chrono::year(2030) / 1 / 1);

class IdentityFiles : public ::testing::Test {
 protected:
  IdentityFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sk-tls-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~IdentityFiles() override { std::filesystem::remove_all(folder_); }

  static mode_t mode_of(const std::filesystem::path& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0;
  }
  void write(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }

  std::filesystem::path folder_;
  Authority authority_ = Authority::make(ClusterName("cache"), kNow).value();
  Identity agent_ = authority_.issue_agent(PodName("cache-a"), kNow).value();
};

TEST_F(IdentityFiles, AreReadBackAndTheKeyIsPrivate) {
  const auto dir = folder_ / "deep" / "tls";
  ASSERT_TRUE(write_identity(dir, agent_));
  EXPECT_EQ(read_identity(dir).value(), agent_);
  EXPECT_EQ(mode_of(dir / "tls.key"), 0600U);
  EXPECT_EQ(mode_of(dir), 0700U);
}

TEST_F(IdentityFiles, AreReplacedWhole) {
  ASSERT_TRUE(write_identity(folder_, agent_));
  write(folder_ / "tls.key.new", "left by a killed process");
  const auto renewed = authority_.issue_agent(PodName("cache-a"), kNow).value();
  ASSERT_TRUE(write_identity(folder_, renewed));
  EXPECT_EQ(read_identity(folder_).value(), renewed);
  EXPECT_EQ(mode_of(folder_ / "tls.key"), 0600U);
}

TEST_F(IdentityFiles, ThatDoNotBelongTogetherAreRefused) {
  const auto other = Authority::make(ClusterName("cache"), kNow).value().issue_agent(PodName("cache-a"), kNow).value();
  ASSERT_TRUE(write_identity(folder_, agent_));
  write(folder_ / "tls.key", other.key_pem);
  const auto wrong_key = read_identity(folder_);
  ASSERT_FALSE(wrong_key);
  EXPECT_EQ(to_string(wrong_key.error()), folder_.string() + ": private key: belongs to another certificate");
  ASSERT_TRUE(write_identity(folder_, agent_));
  write(folder_ / "ca.crt", other.ca_pem);
  const auto wrong_ca = read_identity(folder_);
  ASSERT_FALSE(wrong_ca);
  EXPECT_EQ(to_string(wrong_ca.error()), folder_.string() + ": certificate: is not signed by this CA");
}

TEST_F(IdentityFiles, ThatAreMissingOrTooLongAreNamed) {
  const auto missing = read_identity(folder_);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(missing.error().where, (folder_ / "ca.crt").string());
  write(folder_ / "ca.crt", std::string(70'000, 'x'));
  const auto long_one = read_identity(folder_);
  ASSERT_FALSE(long_one);
  EXPECT_EQ(to_string(long_one.error()), (folder_ / "ca.crt").string() + ": is longer than 65536 bytes");
}

TEST_F(IdentityFiles, CannotBeWrittenWhereAFileStands) {
  write(folder_ / "file", "");
  const auto wrote = write_identity(folder_ / "file" / "tls", agent_);
  ASSERT_FALSE(wrote);
  EXPECT_EQ(wrote.error().kind, ErrorKind::kUnavailable);
}

TEST_F(IdentityFiles, KeepAnAuthority) {
  EXPECT_EQ(read_authority(folder_, ClusterName("cache")).error().kind, ErrorKind::kNotFound);
  ASSERT_TRUE(write_authority(folder_, authority_));
  EXPECT_EQ(mode_of(folder_ / "ca.key"), 0600U);
  EXPECT_EQ(read_authority(folder_, ClusterName("cache")).value().key_pem(), authority_.key_pem());
  EXPECT_EQ(read_authority(folder_, ClusterName("other")).error().kind, ErrorKind::kInvalid);
  std::filesystem::remove(folder_ / "ca.key");
  EXPECT_EQ(read_authority(folder_, ClusterName("cache")).error().kind, ErrorKind::kInvalid);
}

TEST(Validity, IsDueForRenewalInItsLastThird) {
  const Validity year{kNow, kNow + std::chrono::days(360)};
  EXPECT_FALSE(year.is_due_for_renewal(kNow + std::chrono::days(239)));
  EXPECT_TRUE(year.is_due_for_renewal(kNow + std::chrono::days(241)));
  EXPECT_TRUE(year.is_due_for_renewal(kNow + std::chrono::days(400)));
  EXPECT_FALSE(year.contains(kNow + std::chrono::days(361)));
  EXPECT_FALSE(validity_of("garbage"));
}

}  // namespace
}  // namespace shardkeeper::tls
