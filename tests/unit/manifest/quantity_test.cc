#include "coordinator/manifest/quantity.h"

#include <gtest/gtest.h>

namespace shardkeeper::manifest {
namespace {

struct Case {
  std::string_view text;
  std::uint64_t units;
  std::uint64_t milli;
};

constexpr Case kGood[] = {
    {"0", 0, 0},
    {"1", 1, 1000},
    {"+2", 2, 2000},
    {"100m", 1, 100},
    {"0.1", 1, 100},
    {"1.5", 2, 1500},
    {".5", 1, 500},
    {"2.", 2, 2000},
    {"512Mi", 536870912, 536870912000},
    {"1Gi", 1073741824, 1073741824000},
    {"1.5Gi", 1610612736, 1610612736000},
    {"64Ki", 65536, 65536000},
    {"1k", 1000, 1000000},
    {"2G", 2000000000, 2000000000000},
    {"1e9", 1000000000, 1000000000000},
    {"1E3", 1000, 1000000},
    {"12e+2", 1200, 1200000},
    {"1500e-3", 2, 1500},
    {"1Pi", 1125899906842624, 1125899906842624000},
};

TEST(Quantity, ReadsWhatKubernetesReads) {
  for (const auto& [text, units, milli] : kGood) {
    ASSERT_TRUE(parse_quantity(text).has_value()) << text << ": " << to_string(parse_quantity(text).error());
    EXPECT_EQ(*parse_quantity(text), units) << text;
    EXPECT_EQ(*parse_quantity_milli(text), milli) << text;
  }
}

TEST(Quantity, RefusesTheRest) {
  for (const std::string_view text : {"",
                                      " ",
                                      "Gi",
                                      "1GB",
                                      "1gi",
                                      "1 Gi",
                                      "1Gi ",
                                      "0x10",
                                      "inf",
                                      "nan",
                                      "1..2",
                                      "1.2.3",
                                      "1e",
                                      "1e99",
                                      "1e-99",
                                      "e9",
                                      ".",
                                      "1_000",
                                      "9999999999999999999999999999999999999999999999999",
                                      "2Pi",
                                      "1e18",
                                      "--1",
                                      "-1",
                                      "1Mi5"}) {
    const auto quantity = parse_quantity(text);
    ASSERT_FALSE(quantity.has_value()) << text << " gave " << *quantity;
    EXPECT_EQ(quantity.error().kind, ErrorKind::kInvalid);
    EXPECT_NE(quantity.error().detail.find('"' + std::string(text.substr(0, 40)) + '"'), std::string::npos) << quantity.error().detail;
  }
}

}  // namespace
}  // namespace shardkeeper::manifest
