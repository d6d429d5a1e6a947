// JSON and YAML can be read back and mean the same.
#include "cli/render/document.h"
#include "tests/unit/cli/worlds.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <limits>

namespace shardkeeper::cli::render {
namespace {

namespace json = boost::json;

// What a YAML reader sees: quoted scalars are texts, others are what JSON would make of them.
json::value read_back(const YAML::Node& node) {
  if (node.IsMap()) {
    json::object object;
    for (const auto& entry : node) object[entry.first.Scalar()] = read_back(entry.second);
    return object;
  }
  if (node.IsSequence()) {
    json::array array;
    for (const auto& item : node) array.push_back(read_back(item));
    return array;
  }
  if (node.IsNull()) return nullptr;
  if (node.Tag() == "!") return json::value(node.Scalar());
  boost::system::error_code failed;
  const auto value = json::parse(node.Scalar(), failed);
  return failed ? json::value(node.Scalar()) : value;
}

template <typename Message>
void expect_same_in_all_forms(const Message& message) {
  const auto structure = structure_of(message);
  Message from_json;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json_text(structure), &from_json).ok()) << json_text(structure);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(message, from_json));
  EXPECT_EQ(json::parse(json_text(structure)), structure);
  EXPECT_EQ(json::parse(json_line_text(structure)), structure);
  EXPECT_EQ(json::serialize(read_back(YAML::Load(yaml_text(structure)))), json::serialize(structure)) << yaml_text(structure);
}

TEST(Document, IsReadBackAsTheSameMessage) {
  for (const auto& status : {healthy(), being_created(), in_trouble(), two_clusters(), scaling(), admin::v1::Status{}})
    expect_same_in_all_forms(status);
  expect_same_in_all_forms(scale_plan());
  expect_same_in_all_forms(events());
  expect_same_in_all_forms(workers());
}

TEST(Document, TextsThatLookLikeSomethingElseStayTexts) {
  admin::v1::Workers message;
  for (const char* name : {"yes", "No", "null", "~", "", "8", "8.0", "0x1f", "1e3", "- a", "a: b", "# c", "{", "\"q\"", "two\nlines",
                           "grün", " x ", "a\tb", "true"})
    message.add_workers()->set_name(name);
  expect_same_in_all_forms(message);
}

TEST(Document, NumbersAreNumbersAndEveryFieldIsThere) {
  admin::v1::PodStatus pod;
  pod.set_keys(std::numeric_limits<std::uint64_t>::max());
  const auto structure = structure_of(pod);
  EXPECT_EQ(structure.at("keys").as_uint64(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(structure.at("ready").as_bool(), false);
  EXPECT_EQ(structure.at("lagBytes").as_uint64(), 0U);
  EXPECT_EQ(structure.as_object().size(), static_cast<std::size_t>(admin::v1::PodStatus::descriptor()->field_count()));
}

TEST(Document, LooksAsPeopleExpect) {
  admin::v1::Workers message;
  auto& worker = *message.add_workers();
  worker.set_name("worker-1");
  worker.set_zone("8.0");
  worker.add_taints("a/b");
  EXPECT_EQ(json_text(structure_of(message)),
            "{\n  \"workers\": [\n    {\n      \"name\": \"worker-1\",\n      \"zone\": \"8.0\",\n      \"ready\": false,\n      "
            "\"schedulable\": false,\n"
            "      \"taints\": [\n        \"a/b\"\n      ],\n      \"pods\": 0,\n      \"primaries\": 0\n    }\n  ]\n}\n");
  EXPECT_EQ(yaml_text(structure_of(message)),
            "---\nworkers:\n  - name: worker-1\n    zone: \"8.0\"\n    ready: false\n    schedulable: false\n    taints:\n      - a/b\n"
            "    pods: 0\n    primaries: 0\n");
}

TEST(Document, EnumsAreTheirNames) {
  admin::v1::LoseWorkerRequest request;
  request.set_mode(admin::v1::LoseWorkerRequest::STOP);
  EXPECT_EQ(structure_of(request).at("mode").as_string(), "STOP");
}

}  // namespace
}  // namespace shardkeeper::cli::render
