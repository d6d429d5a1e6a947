#include "coordinator/crd/rendered_files.h"

#include "coordinator/crd/crd.h"
#include "coordinator/crd/reference.h"

namespace shardkeeper::crd {

// Helm packs only what lies in the chart's own folder, hence the second copies.
std::vector<RenderedFile> rendered_files() {
  const std::string with_rules = crd_file(CelRules::kWith), without_rules = crd_file(CelRules::kWithout);
  return {{"deploy/crd/valkeyclusters.shardkeeper.io.yaml", with_rules},
          {"deploy/crd/without-rules/valkeyclusters.shardkeeper.io.yaml", without_rules},
          {"deploy/helm/shardkeeper/files/crd.yaml", with_rules},
          {"deploy/helm/shardkeeper/files/crd-without-rules.yaml", without_rules},
          {"docs/reference/valkeycluster.md", reference_page()}};
}

}  // namespace shardkeeper::crd
