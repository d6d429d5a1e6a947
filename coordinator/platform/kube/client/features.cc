#include "coordinator/platform/kube/client/features.h"

#include "coordinator/platform/kube/client/fields.h"

#include <boost/json.hpp>

#include <charconv>
#include <memory>
#include <utility>

namespace shardkeeper::platform::kube {
namespace {

constexpr KubeVersion kOldestServer{1, 20};
constexpr KubeVersion kCelRules{1, 25};
constexpr KubeVersion kNativeSidecars{1, 29};  // the first in which they are on without a feature gate

// Whether a document of a group version (/apis/policy/v1) lists the resource.
bool lists(const boost::json::value& document, std::string_view plural) {
  const auto* resources = document.is_object() ? find_array(document.as_object(), {"resources"}) : nullptr;
  if (resources == nullptr) return false;
  for (const auto& resource : *resources)
    if (resource.is_object() && text_at(resource.as_object(), {"name"}) == plural) return true;
  return false;
}

// The kind of the Eviction that pods take; the core document says it for the subresource. "" when it does not.
std::string eviction_api(const boost::json::value& core) {
  const auto* resources = core.is_object() ? find_array(core.as_object(), {"resources"}) : nullptr;
  if (resources == nullptr) return "";
  for (const auto& resource : *resources) {
    if (!resource.is_object() || text_at(resource.as_object(), {"name"}) != "pods/eviction") continue;
    return text_at(resource.as_object(), {"group"}) + "/" + text_at(resource.as_object(), {"version"});
  }
  return "";
}

std::string group_path(const std::string& api) { return (api.find('/') == std::string::npos ? "/api/" : "/apis/") + api; }

// Three questions, one after the other; the first error ends it.
class Discovery : public std::enable_shared_from_this<Discovery> {
 public:
  Discovery(Api& api, std::function<void(Result<Features>)> done) : api_(api), done_(std::move(done)) {}

  void run() {
    api_.call({.path = "/version"}, [self = shared_from_this()](const Result<boost::json::value>& reply) { self->has_version(reply); });
  }

 private:
  void has_version(const Result<boost::json::value>& reply) {
    if (!reply) return done_(reply.error());
    const auto text = reply->is_object() ? text_at(reply->as_object(), {"gitVersion"}) : std::string();
    const auto version = parse_version(text);
    if (!version) return done_(version.error());
    if (*version < kOldestServer)
      return done_(invalid("API server", "is version " + to_string(*version) + "; at least " + to_string(kOldestServer) + " is needed"));
    features_.server = *version;
    features_.server_text = text;
    features_.has_cel_rules = *version >= kCelRules;
    api_.call({.path = "/api/v1"}, [self = shared_from_this()](const Result<boost::json::value>& core) { self->has_core(core); });
  }

  void has_core(const Result<boost::json::value>& reply) {
    if (!reply) return done_(reply.error());
    features_.eviction_api = eviction_api(*reply);
    if (features_.eviction_api != "policy/v1" && features_.eviction_api != "policy/v1beta1")
      return done_(invalid("API server", "serves no eviction of pods that we know"));
    discover_resource(api_, features_.budgets(), [self = shared_from_this()](const Result<bool>& has_v1) { self->has_budgets(has_v1); });
  }

  void has_budgets(const Result<bool>& has_v1) {
    if (!has_v1) return done_(has_v1.error());
    if (!*has_v1) features_.budget_api = "policy/v1beta1";
    done_(features_);
  }

  Api& api_;
  std::function<void(Result<Features>)> done_;
  Features features_;
};

}  // namespace

std::string to_string(KubeVersion version) { return std::to_string(version.major) + "." + std::to_string(version.minor); }

Result<KubeVersion> parse_version(std::string_view text) {
  const auto wrong = [] { return invalid("version", "is no version of Kubernetes: expected v1.20.2 or the like"); };
  if (!text.empty() && text.front() == 'v') text.remove_prefix(1);
  KubeVersion version;
  const char* const end = text.data() + text.size();
  const auto [dot, no_major] = std::from_chars(text.data(), end, version.major);
  if (no_major != std::errc() || dot == end || *dot != '.') return wrong();
  // What follows the minor version may be anything: ".2", "+", "-gke.5".
  const auto [rest, no_minor] = std::from_chars(dot + 1, end, version.minor);
  if (no_minor != std::errc() || version.major < 0 || version.minor < 0) return wrong();
  return version;
}

bool has_native_sidecars(KubeVersion server, KubeVersion oldest_kubelet) {
  return server >= kNativeSidecars && oldest_kubelet >= kNativeSidecars;
}

void discover(Api& api, std::function<void(Result<Features>)> done) {
  // Shared by the calls under way, one at a time.
  std::make_shared<Discovery>(api, std::move(done))->run();
}

void discover_resource(Api& api, const Resource& resource, std::function<void(Result<bool>)> done) {
  api.call({.path = group_path(resource.api)}, [plural = resource.plural, done = std::move(done)](const Result<boost::json::value>& reply) {
    if (reply) return done(lists(*reply, plural));
    if (reply.error().kind == ErrorKind::kNotFound) return done(false);
    done(reply.error());
  });
}

}  // namespace shardkeeper::platform::kube
