#include "cli/output.h"

#include "cli/render/document.h"
#include "cli/render/text.h"

namespace shardkeeper::cli {

void Output::write(const google::protobuf::Message& message, const std::function<std::string(const render::Look&)>& draw) const {
  switch (format) {
    case Format::kText: out << draw(terminal().look); break;
    case Format::kJson: out << render::json_text(render::structure_of(message)); break;
    case Format::kYaml: out << render::yaml_text(render::structure_of(message)); break;
  }
  out.flush();
}

void Output::write_done(const std::string& text, const boost::json::value& structure) const {
  switch (format) {
    case Format::kText: out << text << '\n'; break;
    case Format::kJson: out << render::json_text(structure); break;
    case Format::kYaml: out << render::yaml_text(structure); break;
  }
  out.flush();
}

ExitCode Output::fail(const Error& error) const {
  err << "shardkeeper: " << render::printable(to_string(error)) << std::endl;
  return error.kind == ErrorKind::kUnavailable ? ExitCode::kNoCoordinator : ExitCode::kFailed;
}

}  // namespace shardkeeper::cli
