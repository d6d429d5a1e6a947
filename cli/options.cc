#include "cli/options.h"

#include "cli/socket_path.h"

#include <CLI/CLI.hpp>

#include <map>

namespace shardkeeper::cli {
namespace {

using admin::v1::LoseWorkerRequest;

constexpr const char* kAbout =
    "Shows and steers what a Shardkeeper coordinator runs.\n"
    "\n"
    "Examples:\n"
    "  shardkeeper status                     the tree of all clusters: shards, pods, readiness with reason\n"
    "  shardkeeper status cache --watch       the same, drawn anew after every change, until Ctrl-C\n"
    "  shardkeeper events cache --limit 20    what was done lately, and why\n"
    "  shardkeeper scale cache --shards 5     shows what would move, asks, and follows it\n"
    "  shardkeeper status -o json             the same for programs";

constexpr const char* kFooter =
    "Exit codes:\n"
    "  0  done\n"
    "  1  the coordinator refused, failed, or did not answer in time; or your answer was no\n"
    "  2  the command line is wrong; or --yes is missing where nobody can be asked\n"
    "  3  no coordinator listens on the socket\n"
    "  4  status --exit-code: a shown cluster is not Ready\n"
    "\n"
    "Every command takes -o, --socket and --timeout. `shardkeeper COMMAND --help` tells more.";

constexpr const char* kStatusFooter =
    "Examples:\n"
    "  shardkeeper status --watch                      draws in place on a terminal, else one tree a change\n"
    "  shardkeeper status cache --exit-code && deploy  goes on only when the cluster is Ready (exit code 4: it is not)\n"
    "  shardkeeper status --watch -o json              one line of JSON a change";

constexpr const char* kEventsFooter =
    "Example:\n  shardkeeper events cache --limit 20    the newest 20, newest last; repeats are folded and counted";

constexpr const char* kScaleFooter =
    "The plan is shown before anything is done. The number is written into the file that the cluster comes from; the rest of the\n"
    "file stays as it is. The coordinator then moves the slots while clients read and write; Ctrl-C ends the view, not the scaling.\n"
    "\n"
    "Examples:\n"
    "  shardkeeper scale cache --shards 5 --plan         what would move: slots, keys, bytes, expected peak of memory; changes nothing\n"
    "  shardkeeper scale cache --shards 5                the same, then asks, then shows the progress\n"
    "  shardkeeper scale cache --shards 3 --yes          asks nobody, and ends when all slots are moved\n"
    "  shardkeeper scale cache --shards 3 --yes --no-wait   ends when the file is written";

constexpr const char* kRebalanceFooter =
    "The coordinator gives every shard its share by itself. This shows what is still to move, and follows it until it is done.\n"
    "\n"
    "Examples:\n"
    "  shardkeeper rebalance cache          what is left, then its progress until Ctrl-C or the end\n"
    "  shardkeeper rebalance cache --plan   what is left, and ends";

constexpr const char* kSlotsFooter = "Example:\n  shardkeeper slots cache    one letter for 16 slots; below it every shard's ranges";

constexpr const char* kWorkerFooter =
    "Examples:\n"
    "  shardkeeper worker list                         workers with their zone, state, pods and primaries\n"
    "  shardkeeper worker cordon worker-2              no new pods there; running ones stay\n"
    "  shardkeeper worker lose worker-2                local platform: kills all that runs there, as a power cut would\n"
    "  shardkeeper worker lose worker-2 --mode stop    local platform: its processes hang, as in a netsplit\n"
    "  shardkeeper worker lose worker-2 --mode restore local platform: it comes back";

constexpr const char* kTakeoverFooter =
    "When too many primaries are out of sight, the coordinator cannot know whether they are dead or only cut off. It waits and\n"
    "says QuorumUnreachable, because a takeover beside living primaries loses writes. Make sure that the worker is off or\n"
    "will never come back, then say so:\n"
    "\n"
    "  shardkeeper takeover --confirm-lost worker-2\n"
    "\n"
    "A replica that was in the middle of a new sync when its primary died still holds what it had before. It is never promoted by\n"
    "itself. When nothing better can come back, choose it; writes that it does not have are lost:\n"
    "\n"
    "  shardkeeper takeover --accept-stale cache-7x2kq";

// What CLI11 fills in; the chosen subcommand tells which part counts.
struct Raw {
  std::string socket = default_socket_path().string();
  std::string stale_pod;
  std::string format = "text";
  double timeout_seconds = 5;
  StatusCommand status;
  EventsCommand events;
  ScaleCommand scale;
  RebalanceCommand rebalance;
  SlotsCommand slots;
  std::string worker;
  std::string mode = "kill";
  std::string lost_worker;
};

void add_common(CLI::App& app, Raw& raw) {
  app.add_option("-o,--output", raw.format, "text, json or yaml")
      ->check(CLI::IsMember({"text", "json", "yaml"}))
      ->type_name("FORMAT")
      ->capture_default_str();
  app.add_option("--socket", raw.socket, "the coordinator's admin socket; also $SHARDKEEPER_SOCKET")
      ->type_name("PATH")
      ->capture_default_str();
  app.add_option("--timeout", raw.timeout_seconds, "how long to wait for an answer, in seconds")
      ->check(CLI::Range(0.1, 600.0))
      ->type_name("SECONDS")
      ->capture_default_str();
}

void add_status(CLI::App& app, Raw& raw) {
  auto* const status = app.add_subcommand("status", "The status tree of one cluster or of all")->footer(kStatusFooter);
  status->add_option("cluster", raw.status.cluster, "name of a cluster; all when absent")->type_name("CLUSTER");
  auto* const watch = status->add_flag("-w,--watch", raw.status.watch, "show every change until Ctrl-C");
  status->add_flag("--exit-code", raw.status.exit_code, "exit with 4 unless every shown cluster is Ready")->excludes(watch);
}

void add_events(CLI::App& app, Raw& raw) {
  auto* const events = app.add_subcommand("events", "What was done, and why")->footer(kEventsFooter);
  events->add_option("cluster", raw.events.cluster, "name of a cluster; all when absent")->type_name("CLUSTER");
  events->add_option("-n,--limit", raw.events.limit, "how many at most")
      ->check(CLI::Range(1, 10'000))
      ->type_name("N")
      ->capture_default_str();
}

void add_scale(CLI::App& app, Raw& raw) {
  auto* const scale = app.add_subcommand("scale", "Another number of shards")->footer(kScaleFooter);
  scale->add_option("cluster", raw.scale.cluster, "name of a cluster")->type_name("CLUSTER")->required();
  scale->add_option("--shards", raw.scale.shards, "how many: 1, or 3 to 1000")->check(CLI::Range(1, 1000))->type_name("N")->required();
  auto* const plan = scale->add_flag("--plan", raw.scale.plan, "show the plan and change nothing");
  scale->add_flag("-y,--yes", raw.scale.yes, "do it without asking; needed where there is no terminal")->excludes(plan);
  scale->add_flag("--no-wait", raw.scale.no_wait, "end when the coordinator has been told")->excludes(plan);
}

void add_rebalance(CLI::App& app, Raw& raw) {
  auto* const rebalance = app.add_subcommand("rebalance", "What is still to move, and its progress")->footer(kRebalanceFooter);
  rebalance->add_option("cluster", raw.rebalance.cluster, "name of a cluster; may be absent where there is one only")->type_name("CLUSTER");
  rebalance->add_flag("--plan", raw.rebalance.plan, "show what is left and end");
}

void add_slots(CLI::App& app, Raw& raw) {
  auto* const slots = app.add_subcommand("slots", "Who owns which slots, as a map")->footer(kSlotsFooter);
  slots->add_option("cluster", raw.slots.cluster, "name of a cluster; all when absent")->type_name("CLUSTER");
}

void add_worker(CLI::App& app, Raw& raw) {
  auto* const worker = app.add_subcommand("worker", "The machines that pods run on")->footer(kWorkerFooter)->require_subcommand(1);
  worker->add_subcommand("list", "All workers");
  const auto add = [&](const char* name, const char* about) {
    auto* const command = worker->add_subcommand(name, about);
    command->add_option("worker", raw.worker, "name of a worker")->type_name("WORKER")->required();
    return command;
  };
  add("cordon", "Place no new pods on a worker");
  add("uncordon", "Place pods on a worker again");
  add("lose", "Local platform: end or stop everything on a worker at once")
      ->add_option("--mode", raw.mode, "kill: SIGKILL; stop: SIGSTOP; restore: back and ready again")
      ->check(CLI::IsMember({"kill", "stop", "restore"}))
      ->type_name("MODE")
      ->capture_default_str();
}

void add_takeover(CLI::App& app, Raw& raw) {
  auto* const takeover = app.add_subcommand("takeover", "Say that a worker or server is gone for good, or that an old copy is wanted")
                             ->footer(kTakeoverFooter);
  auto* const word = takeover->add_option_group("one of");
  word->require_option(1);
  word->add_option("--confirm-lost", raw.lost_worker,
                   "name of the worker that will never come back, or the IP of a server whose pod is gone")
      ->type_name("WORKER|IP");
  word->add_option("--accept-stale", raw.stale_pod, "pod of the replica whose old copy is better than none")->type_name("POD");
}

LoseWorkerRequest::Mode mode_of(const std::string& word) {
  if (word == "stop") return LoseWorkerRequest::STOP;
  return word == "restore" ? LoseWorkerRequest::RESTORE : LoseWorkerRequest::KILL;
}

Command chosen(const CLI::App& app, const Raw& raw) {
  if (app.got_subcommand("status")) return raw.status;
  if (app.got_subcommand("events")) return raw.events;
  if (app.got_subcommand("scale")) return raw.scale;
  if (app.got_subcommand("rebalance")) return raw.rebalance;
  if (app.got_subcommand("slots")) return raw.slots;
  if (app.got_subcommand("takeover")) return TakeoverCommand{raw.lost_worker, raw.stale_pod};
  if (app.got_subcommand("version")) return VersionCommand{};
  const auto* const worker = app.get_subcommand("worker");
  if (worker->got_subcommand("cordon")) return CordonCommand{raw.worker};
  if (worker->got_subcommand("uncordon")) return UncordonCommand{raw.worker};
  if (worker->got_subcommand("lose")) return LoseCommand{raw.worker, mode_of(raw.mode)};
  return WorkerListCommand{};
}

Options options_of(const CLI::App& app, const Raw& raw) {
  Options options;
  options.socket = raw.socket;
  options.deadline = std::chrono::milliseconds(static_cast<std::int64_t>(raw.timeout_seconds * 1000));
  if (raw.format == "json") options.format = Format::kJson;
  if (raw.format == "yaml") options.format = Format::kYaml;
  options.command = chosen(app, raw);
  return options;
}

}  // namespace

Parsed parse_command_line(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  Raw raw;
  CLI::App app(kAbout, "shardkeeper");
  app.footer(kFooter)->require_subcommand(1)->fallthrough();
  app.get_formatter()->column_width(34);
  add_common(app, raw);
  add_status(app, raw);
  add_events(app, raw);
  add_scale(app, raw);
  add_rebalance(app, raw);
  add_slots(app, raw);
  add_worker(app, raw);
  add_takeover(app, raw);
  app.add_subcommand("version", "Versions of this program and of the coordinator");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 has an exit code for every kind of error; people and scripts need one.
    return app.exit(error, out, err) == 0 ? ExitCode::kOk : ExitCode::kUsage;
  }
  return options_of(app, raw);
}

}  // namespace shardkeeper::cli
