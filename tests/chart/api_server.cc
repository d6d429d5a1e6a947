#include "tests/chart/api_server.h"

#include "tests/support/wait_until.h"

#include <boost/json.hpp>

#include <stdexcept>

namespace shardkeeper::test {

using namespace std::chrono_literals;

ApiServer::ApiServer() {
  const auto output = folder_ / "output", program = std::filesystem::path(SK_SOURCE_DIR) / "tools/kube";
  server_ = ChildProcess({.program = program,
                          .arguments = {"run", "--api-only", "--dir", (folder_ / "kube").string()},
                          .working_folder = SK_SOURCE_DIR,
                          .output = output});
  // Its last line is the only one that starts so; a server that cannot start ends instead.
  const bool came = wait_until([&] { return read_file(output).find("\nKUBECONFIG=") != std::string::npos || !server_.is_running(); }, 150s);
  const std::string said = read_file(output);
  const auto line = said.find("\nKUBECONFIG=");
  if (!came || line == std::string::npos) throw std::runtime_error("no API server:\n" + said);
  const auto begin = line + std::string_view("\nKUBECONFIG=").size();
  kubeconfig_ = said.substr(begin, said.find('\n', begin) - begin);
  minor_version_ = std::stoi(std::string(boost::json::parse(kubectl_output({"get", "--raw", "/version"})).at("minor").as_string()));
}

Answer ApiServer::kubectl(std::vector<std::string> arguments) const { return test::kubectl(std::move(arguments), kubeconfig_); }

std::string ApiServer::kubectl_output(std::vector<std::string> arguments) const {
  return test::kubectl_output(std::move(arguments), kubeconfig_);
}

boost::json::value ApiServer::get(std::vector<std::string> what) const {
  std::vector<std::string> arguments{"get", "-o", "json"};
  arguments.insert(arguments.end(), what.begin(), what.end());
  return boost::json::parse(kubectl_output(std::move(arguments)));
}

Answer ApiServer::helm(std::vector<std::string> arguments) const { return test::helm(std::move(arguments), kubeconfig_); }

Answer ApiServer::apply(const std::string& yaml, std::vector<std::string> arguments) const {
  const TempDir folder;
  write_file(folder / "object.yaml", yaml);
  std::vector<std::string> all{"apply", "-f", (folder / "object.yaml").string()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return kubectl(std::move(all));
}

std::string ApiServer::manifests() const { return minor_version_ >= 25 ? "deploy/manifests" : "deploy/manifests/kubernetes-1.20"; }

const ApiServer& api_server() {
  static const ApiServer server;
  return server;
}

}  // namespace shardkeeper::test
