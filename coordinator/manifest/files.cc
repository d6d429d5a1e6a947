#include "coordinator/manifest/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace shardkeeper::manifest {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

Manifests failed(const std::string& path, std::string reason) { return {{}, {{path, 0, "", std::move(reason)}}}; }

Manifests failed(const std::string& path, const char* what, int error) {
  return failed(path, std::string(what) + ": " + std::strerror(error));
}

// A cluster that the files no longer tell about stays as it was; the reason is the first error of its file, if there is one.
void keep_if_missing(WantedCluster& cluster, const Manifests& found) {
  if (std::ranges::any_of(found.clusters, [&](const FoundCluster& c) { return c.object.name == cluster.object.name; })) return;
  const auto error = std::ranges::find(found.errors, cluster.file, &ManifestError::file);
  cluster.stale_because = (error != found.errors.end() ? to_string(*error) : cluster.file + ": no longer holds this cluster") +
                          "; the running cluster is left as it was";
}

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

Manifests read_manifest_file(const std::string& path) {
  // Without O_NONBLOCK a named pipe would stop the loop until somebody writes to it.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0) return failed(path, "cannot be opened", errno);
  struct stat about {};
  if (fstat(file.number(), &about) != 0) return failed(path, "cannot be read", errno);
  if (!S_ISREG(about.st_mode)) return failed(path, "is not a regular file");

  std::string text;
  std::array<char, 65536> buffer;
  // One byte more than allowed is enough for the parser to say that it is too large.
  while (text.size() <= kFileBytesMax) {
    const ssize_t got = read(file.number(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path, "cannot be read", errno);
    if (got == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return parse_manifests(path, text);
}

ManifestFiles::ManifestFiles(Scheduler& scheduler, std::vector<std::string> paths) : scheduler_(scheduler), paths_(std::move(paths)) {
  read_looks_ = last_looks_ = look();
  read();
}

ManifestFiles::~ManifestFiles() = default;

void ManifestFiles::follow(std::function<void()> changed) {
  changed_ = std::move(changed);
  timer_ = scheduler_.after(kPoll, [this] { poll(); });
}

std::vector<ManifestFiles::Look> ManifestFiles::look() const {
  std::vector<Look> looks;
  for (const auto& path : paths_) {
    struct stat about {};
    Look seen;
    if (stat(path.c_str(), &about) == 0)
      seen = {.exists = true,
              .inode = static_cast<std::int64_t>(about.st_ino),
              .size = about.st_size,
              .modified_ns = nanoseconds(about.st_mtim),
              .changed_ns = nanoseconds(about.st_ctim)};
    looks.push_back(seen);
  }
  return looks;
}

void ManifestFiles::poll() {
  timer_ = scheduler_.after(kPoll, [this] { poll(); });
  const auto looks = look();
  const bool is_still = looks == last_looks_;
  last_looks_ = looks;
  if (!is_still || looks == read_looks_) return;
  read_looks_ = looks;
  const auto clusters_before = clusters_;
  const auto errors_before = errors_;
  read();
  if (clusters_ == clusters_before && errors_ == errors_before) return;
  // A copy: the callback may destroy this object, and its own function with it.
  const auto changed = changed_;
  changed();
}

void ManifestFiles::read() {
  std::vector<Manifests> parts;
  for (const auto& path : paths_) parts.push_back(read_manifest_file(path));
  adopt(merge(std::move(parts)));
}

void ManifestFiles::adopt(const Manifests& found) {
  errors_ = found.errors;
  for (const auto& [object, file, line] : found.clusters) {
    const auto known = std::ranges::find(clusters_, object.name, [](const WantedCluster& c) { return c.object.name; });
    if (known == clusters_.end()) {
      clusters_.push_back({object, file, ""});
      continue;
    }
    auto refusals = allowed_change(known->object, object);
    if (refusals.empty()) {
      *known = {object, file, ""};
      continue;
    }
    for (auto& refusal : refusals) errors_.push_back({file, line, std::move(refusal.field), std::move(refusal.reason)});
    known->file = file;
    known->stale_because = to_string(errors_.back()) + "; the running cluster is left as it was";
  }
  for (WantedCluster& cluster : clusters_) keep_if_missing(cluster, found);
  std::ranges::sort(clusters_, {}, [](const WantedCluster& c) { return c.object.name; });
}

}  // namespace shardkeeper::manifest
