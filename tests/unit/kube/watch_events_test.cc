#include "coordinator/platform/kube/client/watch_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <vector>

namespace shardkeeper::platform::kube {
namespace {

using testing::HasSubstr;

constexpr std::string_view kTwo =
    "{\"type\":\"ADDED\",\"object\":{\"a\":\"}\\n{\"}}\n{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"9\"}}}\r\n";

struct Collected {
  std::vector<WatchEvent> events;
  Result<void> result;
  bool is_between = false;
};

Collected feed(std::string_view text, std::size_t piece, std::size_t event_bytes_max = 1000) {
  WatchEvents events(event_bytes_max);
  Collected collected;
  for (std::size_t at = 0; at < text.size() && collected.result; at += piece)
    collected.result = events.feed(text.substr(at, piece), [&](WatchEvent event) {
      collected.events.push_back(std::move(event));
      return true;
    });
  collected.is_between = events.is_between_events();
  return collected;
}

TEST(WatchEventsTest, AreTheSameWhereverTheBytesAreCut) {
  const auto whole = feed(kTwo, kTwo.size());
  ASSERT_TRUE(whole.result.has_value());
  ASSERT_EQ(whole.events.size(), 2U);
  EXPECT_EQ(whole.events[0].type, WatchEvent::Type::kAdded);
  EXPECT_EQ(whole.events[0].object.at("a").as_string(), "}\n{");
  EXPECT_EQ(whole.events[1].type, WatchEvent::Type::kBookmark);
  for (std::size_t piece = 1; piece < kTwo.size(); ++piece) {
    const auto cut = feed(kTwo, piece);
    EXPECT_EQ(cut.events, whole.events) << piece;
    EXPECT_TRUE(cut.is_between) << piece;
  }
}

TEST(WatchEventsTest, KnowWhenTheyWereCut) {
  EXPECT_FALSE(feed(kTwo.substr(0, kTwo.size() - 5), 7).is_between);
  EXPECT_TRUE(feed("\n\n  \r\n", 1).is_between);
}

TEST(WatchEventsTest, AreBounded) {
  const std::string event = R"({"type":"ADDED","object":{}})";
  EXPECT_TRUE(feed(event, 3, event.size()).result.has_value());
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}}) {
    const auto longer = feed(event, piece, event.size() - 1);
    ASSERT_FALSE(longer.result.has_value());
    EXPECT_THAT(longer.result.error().detail, HasSubstr("longer than"));
  }
}

TEST(WatchEventsTest, WhatIsNoEventIsAnError) {
  for (const char* text : {"null", "12", "[]", "\"x\"", "{}", "{]", R"({"type":"ADDED"})", R"({"type":"ADDED","object":5})",
                           R"({"object":{}})", R"({"type":"RENAMED","object":{}})", "{\"type\":\"\xff\"", "x"})
    EXPECT_FALSE(feed(text, 100).result.has_value()) << text;
  std::string deep = R"({"type":"ADDED","object":)";
  for (int i = 0; i < 200; ++i) deep += "{\"a\":";
  EXPECT_FALSE(feed(deep, 4096, 100'000).result.has_value());
}

TEST(WatchEventsTest, StopWhenTold) {
  WatchEvents events(1000);
  int seen = 0;
  EXPECT_TRUE(events.feed(std::string(kTwo) + "garbage", [&](const WatchEvent&) { return ++seen < 2; }).has_value());
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace shardkeeper::platform::kube
