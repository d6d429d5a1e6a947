// Another reader gets the same values back.
#include "coordinator/crd/to_yaml.h"

#include "tests/support/yaml_json.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace shardkeeper::crd {
namespace {

TEST(ToYaml, IsReadBackAsItWas) {
  const auto value = boost::json::parse(R"({
    "plain": "some words, with commas", "colon": "a: b", "hash": "a #b", "ends": "a:", "space": "a ", "empty": "", "quote": "'x' is \"y\"",
    "yes": "yes", "No": "No", "number": "12", "pattern": "^\\+?[0-9]+(\\.[0-9]*)?$", "star": "*", "dash": "- a", "umlaut": "für",
    "n": 12, "t": true, "nothing": null, "object": {}, "list": [], "not": {"enum": [2]},
    "items": [{"a": 1, "b": {"c": [1, "x"]}}, "text", [1, [2, 3]], {}], "x-kubernetes-list-type": "map", "y": "line\nbreak"})");
  EXPECT_EQ(test::yaml_documents(to_yaml(value)), std::vector{value}) << to_yaml(value);
}

TEST(ToYaml, IsWhatPeopleWrite) {
  EXPECT_EQ(to_yaml(boost::json::parse(R"({"spec": {"names": ["a", "b"], "list": [{"x": 1, "y": "no"}]}})")),
            "spec:\n  names:\n  - a\n  - b\n  list:\n  - x: 1\n    \"y\": \"no\"\n");
}

}  // namespace
}  // namespace shardkeeper::crd
