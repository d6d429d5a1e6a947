#include "coordinator/platform/local/broken_pod.h"

#include "coordinator/platform/local/pod_processes.h"

#include <system_error>

namespace shardkeeper::platform::local {

model::Pod BrokenPod::view() const {
  model::Pod pod;
  pod.name = name;
  pod.cluster = ClusterName(name.value.substr(0, name.value.rfind('-')));
  pod.phase = model::PodPhase::kFailed;
  pod.trouble = trouble + "; correct the file and start the coordinator again, or delete the pod";
  return pod;
}

void BrokenPod::remove(const LocalOptions& options) const {
  for (const auto& found : processes_of(options, folder, {})) kill_exactly(found.id);
  std::error_code ignored;  // what is left is shown again after the next start
  std::filesystem::remove_all(folder, ignored);
}

}  // namespace shardkeeper::platform::local
