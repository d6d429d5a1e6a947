// One logger per process: a constant message and fields. Text on a terminal, one JSON object a line elsewhere; to stderr.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace shardkeeper::log {

enum class Level { kDebug, kInfo, kWarn, kError };
enum class Format { kAuto, kText, kJson };  // kAuto: text on a terminal, JSON elsewhere

struct Field {
  std::string_view key;
  std::string value;
};

struct Options {
  Level level = Level::kInfo;
  Format format = Format::kAuto;
};

// Call once before the first line, from main. THREAD not safe; everything below is.
void set_up(const Options& options);
void set_level(Level level);

void debug(std::string_view message, std::initializer_list<Field> fields = {});
void info(std::string_view message, std::initializer_list<Field> fields = {});
void warn(std::string_view message, std::initializer_list<Field> fields = {});
void error(std::string_view message, std::initializer_list<Field> fields = {});

// `text` as the inside of a JSON string: quotes, backslashes and control characters escaped, invalid UTF-8 replaced.
std::string json_escape(std::string_view text);

}  // namespace shardkeeper::log
