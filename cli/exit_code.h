// What the program's exit code says. Documented in docs/cli.md and in --help; scripts rely on it.
#pragma once

namespace shardkeeper::cli {

enum class ExitCode {
  kOk = 0,
  kFailed = 1,         // the coordinator refused, failed, or did not answer in time; or a question was answered with no
  kUsage = 2,          // the command line is wrong, or lacks --yes where nobody can be asked
  kNoCoordinator = 3,  // nobody listens on the socket
  kNotReady = 4,       // status --exit-code: a shown cluster is not Ready
};

}  // namespace shardkeeper::cli
