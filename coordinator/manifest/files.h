// The manifests that a coordinator was started with, re-read when they change.
#pragma once

#include "common/time/scheduler.h"
#include "coordinator/manifest/manifest.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardkeeper::manifest {

// A cluster to run. Once known it stays known for the life of this process: a file that becomes bad, empty or missing leaves
// the running cluster as it was.
struct WantedCluster {
  model::ClusterObject object;  // the last good one
  std::string file;             // where that was read
  std::string stale_because;    // why `object` is not what the files say now; empty: it is

  bool operator==(const WantedCluster&) const = default;
};

// Reads one file. ERRORS as manifests: missing, not a regular file, not readable, larger than kFileBytesMax, empty.
Manifests read_manifest_file(const std::string& path);

// Looks at the files every kPoll (a stat each) and re-reads them when one has changed and then stayed the same for one
// poll, so that a file is not read while an editor writes it. Polling also notices files that are replaced by rename, on any
// file system.
// THREAD the loop's. REQUIRES the scheduler outlives it.
class ManifestFiles {
 public:
  static constexpr std::chrono::milliseconds kPoll{250};

  // Reads all files at once; errors() tells what was wrong.
  ManifestFiles(Scheduler& scheduler, std::vector<std::string> paths);
  ~ManifestFiles();
  ManifestFiles(const ManifestFiles&) = delete;
  ManifestFiles& operator=(const ManifestFiles&) = delete;

  // Sorted by cluster name.
  const std::vector<WantedCluster>& clusters() const { return clusters_; }
  // What is wrong with the files now, in order of files and lines.
  const std::vector<ManifestError>& errors() const { return errors_; }

  // Starts to follow the files; `changed` is called after clusters() or errors() changed. It may destroy this object.
  void follow(std::function<void()> changed);

 private:
  // What a file looked like; two equal looks mean that it was not touched in between.
  struct Look {
    bool exists = false;
    std::int64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const Look&) const = default;
  };

  std::vector<Look> look() const;
  void read();
  void adopt(const Manifests& found);
  void poll();

  Scheduler& scheduler_;
  const std::vector<std::string> paths_;
  std::vector<Look> read_looks_;  // when the files were last read
  std::vector<Look> last_looks_;  // at the last poll
  std::vector<WantedCluster> clusters_;
  std::vector<ManifestError> errors_;
  std::function<void()> changed_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace shardkeeper::manifest
