#include "coordinator/manifest/yaml_tree.h"
#include "coordinator/platform/kube/client/base64.h"
#include "coordinator/platform/kube/client/config.h"
#include "coordinator/platform/kube/client/read_file.h"
#include "coordinator/platform/kube/client/server_url.h"

#include <utility>

namespace shardkeeper::platform::kube {
namespace {

using manifest::Yaml;

// What a name from a file looks like in a message: printable and short, whatever stands there.
std::string in_quotes(std::string_view text) {
  std::string clean = "\"";
  for (const char c : text.substr(0, 60)) clean += c >= ' ' && c <= '~' ? c : '?';
  return clean + (text.size() > 60 ? "...\"" : "\"");
}

// Reads one kubeconfig. After a fault nothing more is read; the first one is told.
class Reader {
 public:
  Reader(const std::filesystem::path& file, const ReadFile& read) : file_(file), read_(read) {}

  Result<Config> run(const Yaml& root, std::string_view wanted_context) {
    const Yaml* context = find_context(root, wanted_context);
    if (context != nullptr) {
      config_.default_space = text(*context, "namespace");
      read_cluster(named(root, "clusters", "cluster", required_text(*context, "cluster"), context->line));
      // A context without a user is anonymous: allowed, and the API server then says what it thinks of it.
      if (const auto user = text(*context, "user"); !user.empty()) read_user(named(root, "users", "user", user, context->line));
    }
    if (fault_) return *fault_;
    config_.source = file_.string();
    return config_;
  }

 private:
  const Yaml* find_context(const Yaml& root, std::string_view wanted) {
    const std::string name = wanted.empty() ? text(root, "current-context") : std::string(wanted);
    if (name.empty()) {
      fault(0, "current-context is not set: set it with `kubectl config use-context`, or name a context");
      return nullptr;
    }
    return named(root, "contexts", "context", name, 0);
  }

  // The `inner` map of the entry in list `list` that has that name.
  const Yaml* named(const Yaml& root, const char* list, const char* inner, const std::string& name, int line) {
    if (fault_) return nullptr;
    const Yaml* entries = root.find(list);
    const Yaml none;
    for (const Yaml& entry : (entries == nullptr ? none : *entries).items) {
      if (text(entry, "name") != name) continue;
      const Yaml* found = entry.find(inner);
      if (found != nullptr && found->kind == Yaml::Kind::kMap) return found;
      fault(entry.line, std::string(list) + " entry " + in_quotes(name) + " has no " + inner);
      return nullptr;
    }
    fault(line, std::string("no entry named ") + in_quotes(name) + " in " + list);
    return nullptr;
  }

  void read_cluster(const Yaml* cluster) {
    if (cluster == nullptr) return;
    if (text(*cluster, "insecure-skip-tls-verify") == "true")
      return fault(
          line_of(*cluster, "insecure-skip-tls-verify"),
          "insecure-skip-tls-verify is not supported: anybody on the way could command the cluster; give certificate-authority-data");
    if (!text(*cluster, "proxy-url").empty()) return fault(line_of(*cluster, "proxy-url"), "proxy-url is not supported");
    const auto url = parse_server_url(required_text(*cluster, "server"));
    if (!url) return fault(line_of(*cluster, "server"), "server: " + url.error().detail);
    config_.is_tls = url->is_tls;
    config_.host = url->host;
    config_.port = url->port;
    config_.base_path = url->base_path;
    config_.server_name = text(*cluster, "tls-server-name");
    if (config_.server_name.empty()) config_.server_name = config_.host;
    config_.ca_pem = pem(*cluster, "certificate-authority");
  }

  void read_user(const Yaml* user) {
    if (user == nullptr) return;
    for (const char* plugin : {"exec", "auth-provider"})
      if (user->find(plugin) != nullptr)
        return fault(line_of(*user, plugin),
                     std::string(plugin) + " plugins are not supported; use a token, a tokenFile or a client certificate");
    for (const char* other : {"username", "password", "as", "as-uid", "as-groups"})
      if (user->find(other) != nullptr)
        return fault(line_of(*user, other), std::string(other) + " is not supported; use a token, a tokenFile or a client certificate");
    config_.certificate_pem = pem(*user, "client-certificate");
    config_.key_pem = pem(*user, "client-key");
    if (config_.certificate_pem.empty() != config_.key_pem.empty())
      return fault(user->line, "client-certificate and client-key belong together; only one is given");
    config_.token = text(*user, "token");
    if (const auto file = text(*user, "tokenFile"); !file.empty()) config_.token_file = beside(file);
  }

  // The field "NAME-data" in Base64, else the file that "NAME" says.
  std::string pem(const Yaml& map, const std::string& name) {
    if (const auto encoded = text(map, name + "-data"); !encoded.empty()) {
      const auto decoded = from_base64(encoded);
      if (!decoded) fault(line_of(map, name + "-data"), name + "-data is not Base64");
      return decoded.value_or("");
    }
    const auto file = text(map, name);
    if (file.empty() || fault_) return "";
    const auto content = read_(beside(file));
    if (!content) fault(line_of(map, name), name + ": " + content.error().detail);
    return content ? *content : "";
  }

  std::filesystem::path beside(const std::string& file) const { return file_.parent_path() / file; }

  // A field's scalar; "" where it is absent, null, or no scalar.
  static std::string text(const Yaml& map, std::string_view name) {
    const Yaml* field = map.find(name);
    return field != nullptr && field->kind == Yaml::Kind::kScalar ? field->text : std::string();
  }
  std::string required_text(const Yaml& map, const char* name) {
    auto found = text(map, name);
    if (found.empty()) fault(map.line, std::string(name) + " is missing");
    return found;
  }
  static int line_of(const Yaml& map, std::string_view name) {
    for (const auto& entry : map.entries)
      if (entry.key == name) return entry.line;
    return map.line;
  }

  void fault(int line, std::string reason) {
    if (fault_) return;
    fault_ = invalid(file_.string() + (line > 0 ? ":" + std::to_string(line) : ""), std::move(reason));
  }

  const std::filesystem::path& file_;
  const ReadFile& read_;
  Config config_;
  std::optional<Error> fault_;
};

}  // namespace

Result<Config> parse_kubeconfig(const std::filesystem::path& file, std::string_view text, const ReadFile& read, std::string_view context) {
  if (text.size() > kKubeconfigBytesMax) return invalid(file.string(), "is too large for a kubeconfig");
  const auto yaml = manifest::read_yaml(text);
  if (!yaml.errors.empty())
    return invalid(file.string() + ":" + std::to_string(yaml.errors.front().line), in_quotes(yaml.errors.front().reason));
  if (yaml.documents.size() != 1 || yaml.documents.front().kind != Yaml::Kind::kMap)
    return invalid(file.string(), "is no kubeconfig: expected one map with clusters, users, contexts and current-context");
  return Reader(file, read).run(yaml.documents.front(), context);
}

Result<Config> read_kubeconfig(const std::filesystem::path& file, std::string_view context) {
  const auto text = read_file(file, kKubeconfigBytesMax);
  if (!text) return text.error();
  return parse_kubeconfig(
      file, *text, [](const std::filesystem::path& named) { return read_file(named, kKubeconfigBytesMax); }, context);
}

}  // namespace shardkeeper::platform::kube
