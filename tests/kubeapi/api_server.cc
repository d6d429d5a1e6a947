#include "tests/kubeapi/api_server.h"

#include "tests/support/wait_until.h"

#include <boost/json.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

const std::string kTool = SK_SOURCE_DIR "/tools/kube";

std::string end_of(const std::string& text) { return text.size() <= 2000 ? text : text.substr(text.size() - 2000); }

}  // namespace

ApiServer& ApiServer::instance() {
  static ApiServer server;
  return server;
}

ApiServer::ApiServer() {
  const auto output = temp_ / "kube.out";
  // Config maps without the server's watch cache: their versions expire when etcd is compacted, and not when a cache is full.
  process_ = ChildProcess({.program = kTool,
                           .arguments = {"run", "--api-only", "--dir", folder().string(), "--", "--watch-cache-sizes=configmaps#0"},
                           .output = output});
  const bool is_up =
      wait_until([&] { return read_file(output).find("KUBECONFIG=") != std::string::npos || !process_.is_running(); }, 150s, 50ms);
  if (!is_up || !process_.is_running())
    throw std::runtime_error("no kube-apiserver; is `export $(tools/setup env)` done, and `tools/setup kube-api`?\n" +
                             end_of(read_file(output)));
}

// By SIGTERM, so that the script also ends what was started again.
ApiServer::~ApiServer() { process_.terminate(20s); }

std::string ApiServer::tool(const std::string& verb, const std::string& what) {
  const auto finished = run({.program = kTool, .arguments = {verb, what, "--dir", folder().string()}}, 30s);
  if (finished.status != ExitStatus{}) throw std::runtime_error("tools/kube " + verb + " " + what + ": " + end_of(finished.output));
  return finished.output;
}

void ApiServer::stop() { tool("stop", "kube-apiserver"); }
void ApiServer::start() { tool("start", "kube-apiserver"); }

void ApiServer::hang() { signal(SIGSTOP); }
void ApiServer::go_on() { signal(SIGCONT); }

void ApiServer::signal(int number) {
  const auto pid = std::atoi(read_file(folder() / "run" / "kube-apiserver.pid").c_str());
  if (pid <= 1 || ::kill(pid, number) != 0) throw std::runtime_error("kube-apiserver does not run");
}

void ApiServer::compact() {
  // etcd listens beside the API server.
  const auto text = read_file(kubeconfig());
  const auto at = text.find("https://");
  const auto address = text.substr(at + 8, text.find(':', at + 8) - at - 8);
  const auto ask = [&](const std::string& path, const std::string& body) {
    const auto finished = run(
        {.program = "/usr/bin/curl",
         .arguments = {"--silent", "--show-error", "--fail", "--noproxy", "*", "http://" + address + ":2379/v3/kv/" + path, "-d", body}},
        10s);
    if (finished.status != ExitStatus{}) throw std::runtime_error("etcd: " + path + ": " + finished.output);
    return boost::json::parse(finished.output);
  };
  const auto now = ask("range", R"({"key":"AA=="})");
  const auto revision = std::string(now.at("header").at("revision").as_string());
  ask("compaction", R"({"revision":")" + revision + R"(","physical":true})");
}

}  // namespace shardkeeper::test
