#include "cli/ask.h"

#include "cli/interrupt.h"

#include <iostream>

#include <unistd.h>

namespace shardkeeper::cli {

Answer ask_at_terminal(const std::string& question) {
  if (isatty(STDIN_FILENO) == 0 || isatty(STDERR_FILENO) == 0) return Answer::kNobodyThere;
  const InterruptsReleased released;
  std::cerr << question << " [y/N] " << std::flush;
  std::string line;
  if (!std::getline(std::cin, line)) {
    std::cerr << std::endl;  // Ctrl-D leaves the cursor behind the question
    return Answer::kNo;
  }
  return answer_of(line);
}

Answer answer_of(std::string_view line) {
  std::string word;
  for (const char c : line)
    if (c != ' ' && c != '\t' && c != '\r') word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return word == "y" || word == "yes" ? Answer::kYes : Answer::kNo;
}

}  // namespace shardkeeper::cli
