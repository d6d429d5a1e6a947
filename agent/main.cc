// shardkeeper-agent: `prepare` makes a pod's volume ready, `run` looks after its server.
#include "agent/prepare/prepare_flags.h"
#include "agent/run_flags.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

int finish(const shardkeeper::Result<void>& result) {
  if (result) return 0;
  std::fprintf(stderr, "shardkeeper-agent: %s\n", to_string(result.error()).c_str());
  return kFailed;
}

int run(int argc, char** argv) {
  using namespace shardkeeper;
  CLI::App app{
      "The agent beside every valkey-server: keeps its start gate, answers probes, exports metrics, carries out the coordinator's "
      "commands."};
  app.footer("Exit codes: 0 done, 1 failed (the reason is on stderr), 2 wrong command line.");
  app.set_version_flag("--version", SHARDKEEPER_VERSION);
  app.require_subcommand(1);

  agent::PrepareOptions prepare_options;
  auto* prepare = app.add_subcommand("prepare", "make a pod's volume ready, then end (an init container)");
  agent::add_prepare_flags(*prepare, prepare_options);

  agent::AgentOptions run_options;
  log::Options log_options;
  auto* run = app.add_subcommand("run", "look after the server that `launch` starts on this volume");
  agent::add_run_flags(*run, run_options, log_options);
  run->footer(
      "Probes and metrics: GET /readyz (why not ready, as text or ?format=json), /livez, /metrics on --http-port.\n"
      "The server is started by `VOLUME/launch VOLUME /path/to/valkey-server`; it waits until the coordinator grants the start.\n"
      "Example: shardkeeper-agent run --volume /data --pod cache-7x2kq --cluster cache");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) { return app.exit(error) == 0 ? 0 : kUsage; }
  log::set_up(log_options);
  return finish(prepare->parsed() ? agent::prepare(prepare_options) : agent::run_agent(run_options));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "shardkeeper-agent: cannot start: %s\n", error.what());
    return kFailed;
  }
}
