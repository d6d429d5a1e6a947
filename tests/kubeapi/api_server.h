// A real etcd and kube-apiserver of a test program's own, by tools/kube.
#pragma once

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

#include <filesystem>
#include <string>

namespace shardkeeper::test {

// One for all tests of the program: every test uses a namespace of its own. Ends with the program.
class ApiServer {
 public:
  // Starts it when it is first asked for (some seconds). Throws std::runtime_error with the log's end when it does not come up:
  // `tools/setup kube-api` gets the programs, and `tools/setup env` says where they are.
  static ApiServer& instance();

  std::filesystem::path kubeconfig() const { return folder() / "admin.conf"; }
  std::filesystem::path certificate_kubeconfig() const { return folder() / "admin-certificate.conf"; }
  std::filesystem::path powerless_kubeconfig() const { return folder() / "nobody.conf"; }

  void stop();   // kills kube-apiserver; etcd lives on
  void start();  // returns when it has been started, not when it is ready
  void hang();   // stops the process: it accepts and answers nothing
  void go_on();
  // Everything older than now is forgotten by etcd: watches from older versions are expired.
  void compact();

 private:
  ApiServer();
  ~ApiServer();
  std::filesystem::path folder() const { return temp_ / "kube"; }
  void signal(int number);
  std::string tool(const std::string& verb, const std::string& what);

  TempDir temp_;
  ChildProcess process_;
};

}  // namespace shardkeeper::test
