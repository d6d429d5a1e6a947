#include "coordinator/platform/kube/adopted_authorities.h"

#include "common/time/wall_clock.h"
#include "common/tls/identity.h"
#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/names.h"
#include "coordinator/platform/kube/objects/secrets.h"
#include "coordinator/platform/kube/objects/time_text.h"

namespace shardkeeper::platform::kube {
namespace {

std::string text_of(std::chrono::sys_seconds time) {
  return time_text(std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count());
}

}  // namespace

std::string authority_named_by(const KubeCluster& cluster) {
  return std::string(json::text_at(cluster.spec, {"agentTls", "authoritySecretName"}));
}

std::optional<Result<tls::Authority>> AdoptedAuthorities::find(const KubeCluster& cluster, const tls::Authority* signing) {
  if (!watch_) watch();
  if (!watch_->is_synced()) return std::nullopt;
  const ObjectName name{cluster.object.space, authority_named_by(cluster)};
  const std::string what = "Secret " + name.name;
  const auto* secret = watch_->find(name);
  if (secret == nullptr)
    return not_found(what, "spec.agentTls names it, and there is none with the label " + std::string(kAuthorityLabel) + "=true");
  auto authority = read_adopted_authority(cluster.object.name, *secret);
  if (!authority) return invalid(what, to_string(authority.error()));
  const auto validity = tls::validity_of(authority->certificate_pem());
  if (!validity) return invalid(what, to_string(validity.error()));
  const auto now = wall_clock(scheduler_);
  if (!validity->contains(now))
    return invalid(what, "tls.crt is not valid now, but from " + text_of(validity->not_before) + " to " + text_of(validity->not_after));
  const bool ends_soon = validity->not_after - now < (validity->not_after - validity->not_before) / 10;
  if (ends_soon && signing != nullptr && signing->certificate_pem() == authority->certificate_pem())
    return invalid(what, "tls.crt ends at " + text_of(validity->not_after) + "; renew it, or no agent can be commanded from then on");
  return authority;
}

void AdoptedAuthorities::watch() {
  ReflectorOptions options{.resource = resources::kSecrets, .seed = seed_};
  options.selection.label_selector = std::string(kAuthorityLabel) + "=true";
  watch_ = std::make_unique<Reflectors>(api_, scheduler_, std::move(options), spaces_,
                                        Reflector::Hooks{.changed = [this](const Change& change) { hooks_.changed(change.name); },
                                                         .synced = [this] { hooks_.synced(); },
                                                         .troubled = hooks_.troubled});
}

}  // namespace shardkeeper::platform::kube
