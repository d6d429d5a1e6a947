// The write checker by hand: write-checker --seed 127.0.0.1:6379 --seconds 30
#include "tests/support/wait_until.h"
#include "tests/support/write_checker.h"

#include <CLI/CLI.hpp>

#include <charconv>
#include <csignal>
#include <iostream>

namespace shardkeeper::test {
namespace {

volatile std::sig_atomic_t interrupted = 0;

std::optional<Endpoint> parse_seed(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  Endpoint seed{.ip = text.substr(0, colon)};
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data() + colon + 1, end, seed.port).ptr != end || seed.port == 0) return std::nullopt;
  return seed;
}

struct Arguments {
  std::vector<std::string> seeds;
  std::string slots = "0-16383";
  int seconds = 10;
  int pause_us = 1000;
  std::size_t value_bytes = 64;
  std::string user, password;
  std::string output = "text";
};

void declare(CLI::App& app, Arguments& a) {
  app.add_option("--seed", a.seeds, "IP:PORT of a node; may be given several times")->required();
  app.add_option("--seconds", a.seconds, "how long to write; Ctrl-C ends it earlier")->check(CLI::Range(1, 86400))->capture_default_str();
  app.add_option("--slots", a.slots, "slots to write to, as in 0-99,200")->capture_default_str();
  app.add_option("--pause-us", a.pause_us, "pause of a writer after each write, microseconds")
      ->check(CLI::Range(0, 10'000'000))
      ->capture_default_str();
  app.add_option("--value-bytes", a.value_bytes, "size of a value")->check(CLI::Range(1, 1 << 20))->capture_default_str();
  app.add_option("--user", a.user, "user to log in as");
  app.add_option("--password", a.password, "its password");
  app.add_option("-o,--output", a.output, "text or json")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
  app.footer("Keys stay in the cluster. Exit code: 0 clean; 1 writes were lost, wrong or failed; 2 the run could not start.");
}

int fail(const std::string& message) {
  std::cerr << "write-checker: " << message << "\n";
  return 2;
}

int check(const Arguments& a) {
  WriteCheckerOptions options;
  for (const std::string& text : a.seeds) {
    const auto seed = parse_seed(text);
    if (!seed) return fail("--seed " + text + ": must be IP:PORT");
    options.client.seeds.push_back(*seed);
  }
  const auto slots = SlotSet::parse(a.slots);
  if (!slots) return fail("--slots " + a.slots + ": " + slots.error().detail);
  options.slots = *slots;
  options.pause = std::chrono::microseconds(a.pause_us);
  options.value_bytes = a.value_bytes;
  options.client.login = {a.user, a.password};
  WriteChecker checker(std::move(options));
  if (const auto started = checker.start(); !started) return fail(to_string(started.error()));
  const bool stopped_early = wait_until([] { return interrupted != 0; }, std::chrono::seconds(a.seconds), std::chrono::milliseconds(50));
  static_cast<void>(stopped_early);  // either way: what was written counts
  checker.stop();
  const WriteReport report = checker.verify();
  std::cout << (a.output == "json" ? to_json(report) + "\n" : to_text(report));
  return report.is_clean() ? 0 : 1;
}

}  // namespace
}  // namespace shardkeeper::test

int main(int argc, char** argv) {
  CLI::App app("Writes to every shard of a Valkey cluster as a retrying client would, remembers what was acknowledged, and reads it back.",
               "write-checker");
  shardkeeper::test::Arguments arguments;
  shardkeeper::test::declare(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) { return app.exit(error) == 0 ? 0 : 2; }
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, [](int) { shardkeeper::test::interrupted = 1; });
  return shardkeeper::test::check(arguments);
}
