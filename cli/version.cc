#include "cli/version.h"

#include "cli/render/document.h"
#include "cli/render/text.h"

#include <boost/json/object.hpp>

namespace shardkeeper::cli {

ExitCode run(const VersionCommand&, AdminApi& api, const Output& output) {
  const auto coordinator = api.version();
  std::string text = "shardkeeper " SHARDKEEPER_VERSION "\n";
  boost::json::object structure{{"version", SHARDKEEPER_VERSION}};
  if (coordinator) {
    text += "coordinator " + render::printable(coordinator->version()) + " (" + render::printable(coordinator->platform()) + ")";
    structure["coordinator"] = render::structure_of(*coordinator);
  } else {
    text += "coordinator not asked: " + render::printable(to_string(coordinator.error()));
    structure["coordinator"] = nullptr;
  }
  output.write_done(text, structure);
  return ExitCode::kOk;
}

}  // namespace shardkeeper::cli
