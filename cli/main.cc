#include "cli/ask.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/rpc_admin_api.h"

#include <ctime>
#include <iostream>
#include <optional>

#include <unistd.h>

namespace {

using namespace shardkeeper::cli;

render::Terminal terminal_now() {
  render::Terminal terminal = render::terminal_behind(STDOUT_FILENO);
  std::timespec now{};
  std::timespec_get(&now, TIME_UTC);
  terminal.look.now_unix_ms = std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
  return terminal;
}

bool is_watching(const Command& command) {
  if (const auto* const status = std::get_if<StatusCommand>(&command)) return status->watch;
  if (const auto* const scale = std::get_if<ScaleCommand>(&command)) return !scale->plan && !scale->no_wait;
  if (const auto* const rebalance = std::get_if<RebalanceCommand>(&command)) return !rebalance->plan;
  return false;
}

ExitCode run_command(const Options& options) {
  const Output output{.out = std::cout, .err = std::cerr, .format = options.format, .terminal = terminal_now, .ask = ask_at_terminal};
  // Before the client, whose threads inherit it.
  if (is_watching(options.command)) hold_interrupts();
  RpcAdminApi api(options.socket, options.deadline);
  std::optional<Interrupt> interrupt;
  if (is_watching(options.command)) interrupt.emplace([&] { api.cancel_watch(); });
  return std::visit([&](const auto& command) { return run(command, api, output); }, options.command);
}

}  // namespace

int main(int argc, char** argv) {
  const Parsed parsed = parse_command_line(argc, argv, std::cout, std::cerr);
  const auto* const options = std::get_if<Options>(&parsed);
  return static_cast<int>(options != nullptr ? run_command(*options) : std::get<ExitCode>(parsed));
}
