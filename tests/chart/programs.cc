#include "tests/chart/programs.h"

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace shardkeeper::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kDeadline = 120s;  // helm waits for a CRD to be served; the machine may be busy

std::string path_from(const char* variable, const char* name) {
  const char* path = std::getenv(variable);
  if (path == nullptr || !std::filesystem::exists(path))
    throw std::runtime_error(std::string(name) + " is missing: run `tools/setup kube-api` and export what `tools/setup kube-env` prints (" +
                             variable + ")");
  return path;
}

// An empty home keeps the user's own contexts, plugins and caches out.
ChildOptions options_for(std::string program, std::vector<std::string> arguments, const std::string& kubeconfig, const TempDir& home) {
  return {.program = std::move(program),
          .arguments = std::move(arguments),
          .environment = {"HOME=" + home.path().string(), "KUBECONFIG=" + (kubeconfig.empty() ? "/dev/null" : kubeconfig),
                          "HELM_CACHE_HOME=" + home.path().string(), "HELM_CONFIG_HOME=" + home.path().string(),
                          "HELM_DATA_HOME=" + home.path().string(), "NO_PROXY=*", "no_proxy=*"},
          .working_folder = SK_SOURCE_DIR};
}

Answer answer_of(std::string program, std::vector<std::string> arguments, const std::string& kubeconfig) {
  const TempDir home;
  const auto finished = run(options_for(std::move(program), std::move(arguments), kubeconfig, home), kDeadline);
  return {finished.status.signal == 0 ? finished.status.code : 128 + finished.status.signal, finished.output};
}

std::string output_of(std::string program, std::vector<std::string> arguments, const std::string& kubeconfig) {
  const TempDir home;
  std::string line = program;
  for (const auto& argument : arguments) line += " " + argument;
  auto options = options_for(std::move(program), std::move(arguments), kubeconfig, home);
  options.output = home / "stderr";
  options.standard_output = home / "stdout";
  ChildProcess child(options);
  const auto ended = child.wait(kDeadline);
  if (ended != ExitStatus{}) throw std::runtime_error(line + " failed:\n" + read_file(home / "stderr") + read_file(home / "stdout"));
  return read_file(home / "stdout");
}

}  // namespace

Answer helm(std::vector<std::string> arguments, const std::string& kubeconfig) {
  return answer_of(path_from("KUBE_HELM", "helm"), std::move(arguments), kubeconfig);
}

Answer kubectl(std::vector<std::string> arguments, const std::string& kubeconfig) {
  return answer_of(path_from("KUBE_KUBECTL", "kubectl"), std::move(arguments), kubeconfig);
}

std::string helm_output(std::vector<std::string> arguments) { return output_of(path_from("KUBE_HELM", "helm"), std::move(arguments), ""); }

std::string kubectl_output(std::vector<std::string> arguments, const std::string& kubeconfig) {
  return output_of(path_from("KUBE_KUBECTL", "kubectl"), std::move(arguments), kubeconfig);
}

}  // namespace shardkeeper::test
