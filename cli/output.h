// Where a command writes, and how.
#pragma once

#include "cli/exit_code.h"
#include "cli/render/terminal.h"
#include "common/error/result.h"

#include <google/protobuf/message.h>
#include <boost/json/value.hpp>

#include <functional>
#include <ostream>
#include <string>

namespace shardkeeper::cli {

enum class Format { kText, kJson, kYaml };

enum class Answer { kYes, kNo, kNobodyThere };

struct Output {
  std::ostream& out;
  std::ostream& err;
  Format format = Format::kText;
  std::function<render::Terminal()> terminal;  // behind `out`, now: it may have been resized; look.now_unix_ms is set
  std::function<Answer(const std::string& question)> ask = [](const std::string&) { return Answer::kNobodyThere; };

  // Writes a message: as `draw` draws it, or as JSON or YAML.
  void write(const google::protobuf::Message& message, const std::function<std::string(const render::Look&)>& draw) const;
  // Writes what was done: `text` for people, `structure` for programs.
  void write_done(const std::string& text, const boost::json::value& structure) const;
  // Writes an error, always as text and to `err`. RETURNS its exit code.
  ExitCode fail(const Error& error) const;
};

}  // namespace shardkeeper::cli
