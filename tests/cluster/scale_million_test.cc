// Promise P6: shards come and go by editing the manifest, a million keys of every kind stay, and slots end up spread evenly; on each version
// and on a cluster of both. Writers go on all the time and are never refused.
#include "tests/cluster/slots_seen.h"
#include "tests/support/mixed_data.h"
#include "tests/support/wait_until.h"
#include "tests/support/write_checker.h"

#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <optional>

namespace shardkeeper::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kKeys = 1'000'000;
// Between the steps every so many keys are read, other ones each time; at the end all.
constexpr std::uint64_t kSampleStride = 19;  // no divisor of the kinds' period

struct Versions {
  std::string name;
  ValkeyLine first;  // of the three shards at the beginning
  ValkeyLine later;  // of every pod that is made after that: spec.image changes with the first spec.shards
};

class Scale : public testing::TestWithParam<Versions> {
 protected:
  Scale() { cluster_.start_coordinator(); }

  void start_writers() {
    WriteCheckerOptions writer{.pause = std::chrono::milliseconds(2)};
    writer.client.seeds = seeds_of(cluster_);
    checker_.emplace(writer);
    ASSERT_TRUE(checker_->start());
  }
  void scale_to(int shards) {
    const auto began = Clock::now();
    options_.shards = shards;
    options_.line = GetParam().later;
    cluster_.write_manifest(options_);
    const bool even = cluster_.wait_for([&](const auto& status) { return is_even(status, shards, 1 + options_.replicas_per_shard); },
                                        std::chrono::minutes(4));
    ASSERT_TRUE(even) << shards << " shards: " << cluster_.status_text() << told(cluster_);
    std::cout << "to " << shards << " shards: " << std::chrono::duration<double>(Clock::now() - began).count() << " s\n";
    const auto count = checker_->acknowledged();
    ASSERT_TRUE(wait_until([&] { return checker_->acknowledged() > count + 100; })) << "no writes with " << shards << " shards";
  }
  static void expect_clean(const DataReport& report, const std::string& when) {
    std::cout << when << ": " << to_text(report);
    EXPECT_TRUE(report.is_clean()) << when << ": " << to_text(report);
    EXPECT_GT(report.expiring, 0U);
  }

  LocalClusterOptions options_{.line = GetParam().first};
  LocalCluster cluster_{options_};
  std::optional<WriteChecker> checker_;
};

TEST_P(Scale, OutAndInKeepsAMillionKeysUnderWriters) {
  ASSERT_TRUE(cluster_.wait_ready()) << cluster_.status_text();
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  const MixedData data({.client = {.seeds = seeds_of(cluster_)}, .keys = kKeys, .expire_at_ms = now.count() + 24LL * 3600 * 1000});
  const auto began = Clock::now();
  data.write(options_.replicas_per_shard);
  std::cout << data.count() << " keys written in " << std::chrono::duration<double>(Clock::now() - began).count() << " s\n";
  ASSERT_NO_FATAL_FAILURE(start_writers());
  std::uint64_t first = 0;
  for (const int shards : {4, 6, 3, 1, 3}) {
    ASSERT_NO_FATAL_FAILURE(scale_to(shards));
    expect_clean(data.read(first++, kSampleStride), std::to_string(shards) + " shards");
    EXPECT_EQ(open_slots(cluster_), "");
  }
  checker_->stop();
  const auto report = checker_->verify();
  std::cout << to_text(report);
  EXPECT_TRUE(report.is_clean()) << to_text(report) << told(cluster_);
  expect_clean(data.read(), "at the end");
}

INSTANTIATE_TEST_SUITE_P(, Scale,
                         testing::Values(Versions{"Valkey8", ValkeyLine::k8, ValkeyLine::k8},
                                         Versions{"Valkey9", ValkeyLine::k9, ValkeyLine::k9},
                                         Versions{"From8To9", ValkeyLine::k8, ValkeyLine::k9}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace shardkeeper::test
