// A real kube-apiserver of one test program's own, without workers: tools/kube run --api-only.
#pragma once

#include "tests/chart/programs.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace shardkeeper::test {

// Ends with its test program, however that ends.
class ApiServer {
 public:
  // Throws std::runtime_error with the server's own words when it does not come up.
  ApiServer();

  Answer kubectl(std::vector<std::string> arguments) const;
  // Must succeed; throws std::runtime_error otherwise.
  std::string kubectl_output(std::vector<std::string> arguments) const;
  boost::json::value get(std::vector<std::string> what) const;  // kubectl get … -o json
  Answer helm(std::vector<std::string> arguments) const;
  // kubectl apply of a text.
  Answer apply(const std::string& yaml, std::vector<std::string> arguments = {}) const;

  int minor_version() const { return minor_version_; }  // 20 of 1.20
  // deploy/manifests or, for servers that need it, its variant.
  std::string manifests() const;

 private:
  TempDir folder_;
  ChildProcess server_;
  std::string kubeconfig_;
  int minor_version_ = 0;
};

// One for all tests of a program: it takes seconds to come up.
const ApiServer& api_server();

}  // namespace shardkeeper::test
