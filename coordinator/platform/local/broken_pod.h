// A pod's folder whose pod.json cannot be understood. Nothing is guessed: it is shown with its trouble until somebody removes it.
#pragma once

#include "coordinator/model/pods.h"
#include "coordinator/platform/local/options.h"

#include <filesystem>
#include <string>

namespace shardkeeper::platform::local {

struct BrokenPod {
  PodName name;  // of the folder
  std::filesystem::path folder;
  std::string trouble;

  // Phase Failed, no uid; the cluster is what the name says.
  model::Pod view() const;
  // Ends what still runs in the folder (as far as it can be told to be ours) and deletes it.
  void remove(const LocalOptions& options) const;
};

}  // namespace shardkeeper::platform::local
