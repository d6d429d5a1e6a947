// The pod's volume, as far as `launch` needs it: small files in one folder, and a place to leave the reason of a failure.
#pragma once

#include "agent/io/volume_layout.h"
#include "agent/launch/exit_codes.h"

namespace shardkeeper::launch {

// The text of a gate file; empty where there is no file.
struct SmallText {
  char text[agent::layout::kGateFileBytesMax + 1] = {};

  // The length of the first line, without its end; -1 where no line is complete.
  int first_line_length() const;
};

class Volume {
 public:
  // Ends the process with kVolumeTrouble when `path` is no folder that can be opened.
  explicit Volume(const char* path);

  const char* path() const { return path_; }
  int fd() const { return fd_; }

  SmallText read(const char* name) const;
  // Whole or not at all: written beside and renamed. Fails (see below) when the folder is not writable or full.
  void replace(const char* name, const char* text) const;
  void remove(const char* name) const;

  // Says the reason on stderr and, for the agent to report, in file `launch-error`; then ends the process.
  [[noreturn]] void fail(ExitCode code, const char* format, ...) const __attribute__((format(printf, 3, 4)));

 private:
  bool write_and_rename(const char* name, const char* text) const;

  const char* path_;
  int fd_;
};

// "No space left on device (free some …)": the words for an errno, with the way out where there is one.
const char* describe(int error_number);

}  // namespace shardkeeper::launch
