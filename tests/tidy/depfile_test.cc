// Boundaries that linking cannot keep: Asio, gRPC and spdlog lie in /usr/include, where every target finds them. What an object really
// included is in ninja's dependency log.
#include "tests/support/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace shardkeeper::tidy {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

struct Object {
  std::string path;
  std::vector<std::string> files;  // what it was compiled from
};

// `ninja -t deps`: "path/x.cc.o: #deps 3, deps mtime … (VALID)", then one indented path a line, then an empty line.
std::vector<Object> parse_deps(const std::string& text) {
  std::vector<Object> objects;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.rfind("    ", 0) == 0 && !objects.empty())
      objects.back().files.push_back(line.substr(4));
    else if (const auto colon = line.find(": #deps"); colon != std::string::npos)
      objects.push_back({line.substr(0, colon), {}});
  }
  return objects;
}

std::vector<Object> objects_of(const std::string& target) {
  const auto deps = test::run({.program = SK_NINJA, .arguments = {"-C", SK_BINARY_DIR, "-t", "targets", "all"}}, std::chrono::seconds(30));
  std::vector<std::string> arguments{"-C", SK_BINARY_DIR, "-t", "deps"};
  std::istringstream stream(deps.output);
  for (std::string line; std::getline(stream, line);)
    if (line.find("/" + target + ".dir/") != std::string::npos && line.find(".o: CXX") != std::string::npos)
      arguments.push_back(line.substr(0, line.find(": ")));
  if (arguments.size() == 4) return {};
  return parse_deps(test::run({.program = SK_NINJA, .arguments = arguments}, std::chrono::seconds(30)).output);
}

// "object includes file" for every forbidden file.
std::vector<std::string> forbidden(const std::vector<Object>& objects, const std::vector<std::string>& folders) {
  std::vector<std::string> found;
  for (const Object& object : objects)
    for (const std::string& file : object.files)
      for (const std::string& folder : folders)
        if (file.find("/" + folder + "/") != std::string::npos) found.push_back(object.path + " includes " + file);
  return found;
}

const std::vector<std::string> kIo{"boost/asio", "boost/beast", "grpcpp", "spdlog", "hiredis"};

TEST(Depfiles, AreReadable) {
  EXPECT_THAT(forbidden(objects_of("sk_net"), {"boost/asio"}), Contains(HasSubstr("asio_scheduler.cc.o")))
      << "the check below could not fail";
}

TEST(Depfiles, ThePlannerKnowsNoInputOrOutput) {
  const auto objects = objects_of("sk_plan");
  ASSERT_FALSE(objects.empty()) << "sk_plan has no compiled objects in " << SK_BINARY_DIR << ": build it first";
  for (const Object& object : objects) EXPECT_FALSE(object.files.empty()) << object.path << " is not compiled";
  EXPECT_THAT(forbidden(objects, kIo), IsEmpty());
}

}  // namespace
}  // namespace shardkeeper::tidy
