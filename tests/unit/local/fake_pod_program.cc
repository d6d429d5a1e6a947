// Stands for shardkeeper-agent (prepare, run) and for launch (VOLUME SERVER; stop VOLUME GRACE) where a test is about processes only.
// Files beside the pods folder change what it does: fail-prepare, fail-launch (exit 1 with the file's text), ignore-term, stop-hangs, fork.
#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::string value_of(const std::vector<std::string>& words, const std::string& name) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i)
    if (words[i] == name) return words[i + 1];
  return {};
}

bool is_wished(const fs::path& volume, const char* name) { return fs::exists(volume / "../../.." / name); }

int fail(const fs::path& volume, const char* name) {
  std::ifstream file(volume / "../../.." / name);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  std::fprintf(stderr, "%s\n", text.c_str());
  return 1;
}

int until_terminated(int code) {
  static volatile std::sig_atomic_t is_over = 0;
  struct sigaction action {};
  action.sa_handler = [](int) { is_over = 1; };
  ::sigaction(SIGTERM, &action, nullptr);
  sigset_t term;
  sigset_t before;
  ::sigemptyset(&term);
  ::sigaddset(&term, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &term, &before);
  while (is_over == 0) ::sigsuspend(&before);
  return code;
}

int prepare(const std::vector<std::string>& words) {
  const fs::path volume = value_of(words, "--volume");
  if (is_wished(volume, "fail-prepare")) return fail(volume, "fail-prepare");
  fs::copy_file(value_of(words, "--launch"), volume / "launch", fs::copy_options::overwrite_existing);
  return 0;
}

int serve(const fs::path& volume) {
  if (is_wished(volume, "fail-launch")) return fail(volume, "fail-launch");
  fs::current_path(volume);
  if (is_wished(volume, "fork") && ::fork() == 0) return ::pause();
  if (!is_wished(volume, "ignore-term")) return until_terminated(143);
  ::signal(SIGTERM, SIG_IGN);
  return ::pause();
}

int stop(const fs::path& volume, const std::string& grace) {
  std::ofstream(volume / "../../../stop-asked", std::ios::app) << grace << "\n";
  return is_wished(volume, "stop-hangs") ? ::pause() : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 2) return 2;
  if (words[0] == "prepare") return prepare(words);
  if (words[0] == "run") return until_terminated(0);
  if (words[0] == "stop") return stop(words[1], words.at(2));
  return serve(words[0]);
}
