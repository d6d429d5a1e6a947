#include "tests/tidy/source_tree.h"

#include "tests/support/temp_dir.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace shardkeeper::tidy {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolders[] = {"agent", "bench", "cli", "common", "coordinator", "tests"};

bool starts_at(std::string_view text, std::size_t at, std::string_view word) { return text.substr(at, word.size()) == word; }

// The position after the literal that starts at `at` with a quote.
std::size_t end_of_literal(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size() && text[at] != quote && text[at] != '\n'; ++at)
    if (text[at] == '\\') ++at;
  return std::min(at + 1, text.size());
}

// The same for R"tag(…)tag"; `at` is on the R.
std::size_t end_of_raw_string(std::string_view text, std::size_t at) {
  const auto open = text.find('(', at);
  if (open == std::string_view::npos) return text.size();
  const std::string end = ")" + std::string(text.substr(at + 2, open - at - 2)) + "\"";
  const auto close = text.find(end, open);
  return close == std::string_view::npos ? text.size() : close + end.size();
}

// A quote inside a number, as in 10'000, opens nothing.
bool is_digit_separator(std::string_view text, std::size_t at) {
  return text[at] == '\'' && at > 0 && std::isxdigit(static_cast<unsigned char>(text[at - 1])) != 0;
}

bool ends_a_statement(const std::string& line) {
  const auto last = line.find_last_not_of(' ');
  return last != std::string::npos && (line[last] == ';' || line[last] == '{' || line[last] == '}');
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

std::string without_comments(std::string_view text) {
  std::string result(text);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (starts_at(text, at, "//")) {
      end = std::min(text.find('\n', at), text.size());
      std::fill(result.begin() + static_cast<std::ptrdiff_t>(at), result.begin() + static_cast<std::ptrdiff_t>(end), ' ');
    } else if (starts_at(text, at, "/*")) {
      const auto close = text.find("*/", at + 2);
      end = close == std::string_view::npos ? text.size() : close + 2;
      for (std::size_t i = at; i < end; ++i)
        if (result[i] != '\n') result[i] = ' ';
    } else if (starts_at(text, at, "R\"")) {
      end = end_of_raw_string(text, at);
    } else if (text[at] == '"' || (text[at] == '\'' && !is_digit_separator(text, at))) {
      end = end_of_literal(text, at);
    }
    at = end;
  }
  return result;
}

std::vector<std::string> lines_to_check(std::string_view text) {
  const auto as_written = lines_of(std::string(text));
  auto lines = lines_of(without_comments(text));
  constexpr std::string_view kMark = "// tidy: ";
  for (std::size_t i = 0; i < as_written.size(); ++i) {
    const auto mark = as_written[i].find(kMark);
    if (mark == std::string::npos || as_written[i].size() == mark + kMark.size()) continue;
    bool complete = ends_a_statement(lines[i]);
    lines[i].clear();
    for (std::size_t next = i + 1; next < lines.size() && !complete; ++next) {
      complete = ends_a_statement(lines[next]);
      lines[next].clear();
    }
  }
  return lines;
}

std::vector<SourceFile> read_source_tree() {
  const fs::path root = SK_SOURCE_DIR;
  std::vector<SourceFile> files;
  for (const auto folder : kFolders)
    for (const auto& entry : fs::recursive_directory_iterator(root / folder))
      if (entry.is_regular_file() && (entry.path().extension() == ".h" || entry.path().extension() == ".cc"))
        files.push_back({fs::relative(entry.path(), root).generic_string(), lines_to_check(test::read_file(entry.path()))});
  std::sort(files.begin(), files.end(), [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace shardkeeper::tidy
