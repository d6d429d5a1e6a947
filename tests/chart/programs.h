// The real helm and kubectl. Where they are missing every test fails and says how to get them.
#pragma once

#include <string>
#include <vector>

namespace shardkeeper::test {

struct Answer {
  int code = 0;
  std::string output;  // stdout and stderr

  bool ok() const { return code == 0; }
};

// REQUIRES the working folder does not matter to `arguments`: programs run in the root of the source tree.
Answer helm(std::vector<std::string> arguments, const std::string& kubeconfig = "");
Answer kubectl(std::vector<std::string> arguments, const std::string& kubeconfig = "");

// stdout of a run that must succeed; throws std::runtime_error with all it said otherwise.
std::string helm_output(std::vector<std::string> arguments);
std::string kubectl_output(std::vector<std::string> arguments, const std::string& kubeconfig = "");

}  // namespace shardkeeper::test
