#include "tests/chart/objects.h"

#include "tests/chart/programs.h"
#include "tests/support/yaml_json.h"

#include <boost/json.hpp>

#include <stdexcept>

namespace shardkeeper::test {

boost::json::value at(const boost::json::value& object, const std::string& pointer) {
  boost::system::error_code absent;
  const auto* value = object.find_pointer(pointer, absent);
  return value == nullptr ? boost::json::value() : *value;
}

Objects objects_of(const std::string& yaml) {
  Objects objects;
  for (auto& object : yaml_documents(yaml)) {
    const auto text = [&](const char* pointer) {
      const auto value = at(object, pointer);
      return value.is_string() ? std::string(value.get_string()) : std::string();
    };
    const std::string key = text("/kind") + "/" + text("/metadata/namespace") + "/" + text("/metadata/name");
    if (!objects.emplace(key, std::move(object)).second) throw std::runtime_error("two objects " + key);
  }
  return objects;
}

Objects render_shardkeeper(std::vector<std::string> arguments) {
  std::vector<std::string> all{"template", "shardkeeper", "deploy/helm/shardkeeper", "--namespace", "ns"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return objects_of(helm_output(std::move(all)));
}

}  // namespace shardkeeper::test
