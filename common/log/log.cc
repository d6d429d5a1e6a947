#include "common/log/log.h"

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include <unistd.h>
#include <memory>

namespace shardkeeper::log {
namespace {

bool as_json = false;

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug: return spdlog::level::debug;
    case Level::kInfo: return spdlog::level::info;
    case Level::kWarn: return spdlog::level::warn;
    case Level::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  const auto spd_level = to_spdlog(level);
  if (!spdlog::should_log(spd_level)) return;
  std::string line(as_json ? json_escape(message) : std::string(message));
  if (as_json) line += '"';
  for (const auto& [key, value] : fields) {
    if (as_json)
      line += ",\"" + std::string(key) + "\":\"" + json_escape(value) + '"';
    else
      line += "  " + std::string(key) + "=" + (value.find(' ') == std::string::npos && !value.empty() ? value : '"' + value + '"');
  }
  spdlog::log(spd_level, "{}", line);
}

}  // namespace

void set_up(const Options& options) {
  as_json = options.format == Format::kJson || (options.format == Format::kAuto && isatty(STDERR_FILENO) == 0);
  auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("shardkeeper", std::move(sink));
  logger->set_pattern(as_json ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","msg":"%v})" : "%H:%M:%S.%e %^%-5!l%$ %v",
                      spdlog::pattern_time_type::utc);
  logger->set_level(to_spdlog(options.level));
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
}

void set_level(Level level) { spdlog::set_level(to_spdlog(level)); }

void debug(std::string_view message, std::initializer_list<Field> fields) { write(Level::kDebug, message, fields); }
void info(std::string_view message, std::initializer_list<Field> fields) { write(Level::kInfo, message, fields); }
void warn(std::string_view message, std::initializer_list<Field> fields) { write(Level::kWarn, message, fields); }
void error(std::string_view message, std::initializer_list<Field> fields) { write(Level::kError, message, fields); }

std::string json_escape(std::string_view text) {
  // Boost.JSON writes control characters and quotes correctly but passes bytes through; log lines may quote garbage from a peer.
  std::string ascii_safe;
  ascii_safe.reserve(text.size());
  for (const char c : text) ascii_safe += static_cast<unsigned char>(c) < 0x80 ? c : '?';
  const std::string quoted = boost::json::serialize(boost::json::value(boost::json::string(ascii_safe)));
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace shardkeeper::log
