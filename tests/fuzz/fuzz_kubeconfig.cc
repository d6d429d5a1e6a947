// Any text as a kubeconfig: an error that says where and why, or a configuration that can be used without harm.
#include "coordinator/platform/kube/client/base64.h"
#include "coordinator/platform/kube/client/config.h"
#include "coordinator/platform/kube/client/server_url.h"
#include "tests/fuzz/check.h"

namespace {

using namespace shardkeeper;
using namespace shardkeeper::platform::kube;

bool is_plain(char c) { return c > ' ' && c <= '~'; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  const auto read = [](const std::filesystem::path& file) -> Result<std::string> {
    if (file.native().size() % 2 == 0) return std::string("content");
    return not_found("file", "No such file or directory");
  };
  const auto config = parse_kubeconfig("fuzz.conf", text, read);
  if (!config) {
    fuzz::check_error(config.error());
  } else {
    SK_CHECK(!config->host.empty() && config->port != 0 && !config->server_name.empty(), "a server");
    SK_CHECK(std::ranges::all_of(config->host, is_plain) && std::ranges::all_of(config->base_path, is_plain),
             "nothing that ends a header line");
    SK_CHECK(config->is_tls || config->host == "localhost" || config->host == "::1" || config->host.rfind("127.", 0) == 0,
             "no token in the clear");
    SK_CHECK(config->certificate_pem.empty() == config->key_pem.empty(), "a certificate has its key");
    SK_CHECK(config->base_path.empty() || config->base_path.front() == '/', "a path begins with a slash");
  }
  if (const auto bytes = from_base64(text)) SK_CHECK(from_base64(to_base64(*bytes)) == bytes, "there and back");
  static_cast<void>(parse_server_url(text));
  return 0;
}
