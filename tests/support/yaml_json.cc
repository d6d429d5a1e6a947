#include "tests/support/yaml_json.h"

#include <yaml-cpp/yaml.h>
#include <boost/json.hpp>

namespace shardkeeper::test {
namespace {

boost::json::value as_json(const YAML::Node& node) {
  if (node.IsMap()) {
    boost::json::object object;
    for (const auto& entry : node) object[entry.first.Scalar()] = as_json(entry.second);
    return object;
  }
  if (node.IsSequence()) {
    boost::json::array array;
    for (const auto& item : node) array.push_back(as_json(item));
    return array;
  }
  if (node.IsNull()) return nullptr;
  if (node.Tag() == "!") return boost::json::string(node.Scalar());  // yaml-cpp's mark of quotes
  boost::json::error_code not_json;
  auto value = boost::json::parse(node.Scalar(), not_json);
  return not_json ? boost::json::value(boost::json::string(node.Scalar())) : value;
}

}  // namespace

std::vector<boost::json::value> yaml_documents(const std::string& text) {
  std::vector<boost::json::value> documents;
  for (const auto& node : YAML::LoadAll(text))
    if (!node.IsNull()) documents.push_back(as_json(node));
  return documents;
}

}  // namespace shardkeeper::test
