#include "common/log/log.h"
#include "coordinator/coordinator.h"
#include "coordinator/demo.h"
#include "coordinator/options.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>

namespace {

using namespace shardkeeper;

int run(coordinator::Options options) {
  boost::asio::io_context loop(1);
  int exit_code = 0;
  bool ending = false;
  std::unique_ptr<coordinator::Coordinator> coordinator;
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  const auto end = [&] {
    if (std::exchange(ending, true)) return;
    boost::asio::post(loop, [&] {
      signals.cancel();
      coordinator->stop([&] { loop.stop(); });
    });
  };
  coordinator = std::make_unique<coordinator::Coordinator>(loop, std::move(options), [&](const Error& error) {
    log::error("cannot go on", {{"reason", to_string(error)}});
    exit_code = 1;
    end();
  });
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    log::info("stopping");
    end();
  });
  coordinator->start();
  loop.run();
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  auto command = coordinator::parse_command_line(argc, argv);
  if (command.demo) {
    log::set_up(command.demo->base.log);
    return coordinator::run_demo(std::move(*command.demo));
  }
  if (!command.run) return command.exit_code;
  log::set_up(command.run->log);
  return run(std::move(*command.run));
}
