// One coordinator at a time for a state folder: a lock on the file `lease`, and a count that only rises.
#pragma once

#include "common/error/result.h"
#include "common/types/epoch.h"
#include "coordinator/reconcile/lease.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace shardkeeper::reconcile {

// The lock is the kernel's (fcntl, open file description): it ends with the process, however that ends, and says nothing about a
// process that is merely stopped. A stopped holder that comes back is what the fence token is for.
// THREAD the loop's thread. Destroying it releases the lease.
class LeaseFile {
 public:
  LeaseFile(std::filesystem::path file, std::string holder);
  ~LeaseFile();
  LeaseFile(const LeaseFile&) = delete;
  LeaseFile& operator=(const LeaseFile&) = delete;

  // Takes the lease if nobody holds it and raises the count; the new count is on disk when this returns. Never waits.
  // ERRORS kRefused: another process holds it (`detail` says who, with its pid); kUnavailable: the file cannot be made or written.
  Result<FenceToken> try_acquire();

  // Raises the count above `seen`, a token that an agent reported: the file may have been deleted, and counting begun anew.
  // REQUIRES the lease is held. ERRORS kConflict: the lease was lost (see check); kUnavailable: disk.
  Result<FenceToken> raise_above(FenceToken seen);

  // ERRORS kConflict: not held, or the file was deleted or replaced since, so that another process may hold its successor.
  Result<void> check() const;

  // What the newest holder wrote; none when there is no file or it cannot be understood (counting then begins anew, which
  // raise_above repairs).
  std::optional<LeaseHolder> holder() const;

  std::optional<FenceToken> token() const;  // while held
  const std::filesystem::path& file() const { return file_; }
  void release();

 private:
  Result<FenceToken> write_count(std::uint64_t transitions);

  std::filesystem::path file_;
  std::string holder_name_;
  int lock_ = -1;  // descriptor that carries the lock; -1: not held
  std::uint64_t transitions_ = 0;
};

}  // namespace shardkeeper::reconcile
