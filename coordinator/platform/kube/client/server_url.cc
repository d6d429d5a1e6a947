#include "coordinator/platform/kube/client/server_url.h"

#include <algorithm>
#include <charconv>

namespace shardkeeper::platform::kube {
namespace {

constexpr std::size_t kUrlBytesMax = 2048;

bool starts_with(std::string_view text, std::string_view word) { return text.substr(0, word.size()) == word; }

bool is_loopback(std::string_view host) { return host == "localhost" || host == "::1" || starts_with(host, "127."); }

// What a request line can carry. Everything else would let a URL write headers.
bool is_plain(char c) { return c > ' ' && c <= '~' && c != '@' && c != '?' && c != '#' && c != '"' && c != '<' && c != '>' && c != '\\'; }

Result<std::uint16_t> to_port(std::string_view text) {
  int port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failed != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535)
    return invalid("", "the port must be a number from 1 to 65535");
  return static_cast<std::uint16_t>(port);
}

// "host", "host:port", "[v6]", "[v6]:port".
Result<void> read_authority(std::string_view text, ServerUrl& url) {
  std::string_view rest;
  if (starts_with(text, "[")) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return invalid("", "the address lacks its closing bracket");
    url.host = std::string(text.substr(1, close - 1));
    rest = text.substr(close + 1);
  } else {
    const auto colon = text.find(':');
    url.host = std::string(text.substr(0, colon));
    if (colon != std::string_view::npos) rest = text.substr(colon);
  }
  if (url.host.empty()) return invalid("", "there is no host");
  if (url.host.find_first_of("[]/") != std::string::npos) return invalid("", "the host is none");
  if (rest.empty()) return {};
  if (rest.front() != ':') return invalid("", "behind the host only a port may stand");
  const auto port = to_port(rest.substr(1));
  if (!port) return port.error();
  url.port = *port;
  return {};
}

}  // namespace

Result<ServerUrl> parse_server_url(std::string_view text) {
  constexpr std::string_view kTls = "https://";
  constexpr std::string_view kPlain = "http://";
  if (text.size() > kUrlBytesMax) return invalid("", "is too long");
  if (!std::all_of(text.begin(), text.end(), is_plain))
    return invalid("", "must be https://host:port without user name, query, or characters outside ASCII");
  ServerUrl url;
  url.is_tls = starts_with(text, kTls);
  if (!url.is_tls && !starts_with(text, kPlain)) return invalid("", "must begin with https://");
  url.port = url.is_tls ? 443 : 80;
  text.remove_prefix(url.is_tls ? kTls.size() : kPlain.size());
  const auto slash = std::min(text.find('/'), text.size());
  if (const auto read = read_authority(text.substr(0, slash), url); !read) return read.error();
  if (!url.is_tls && !is_loopback(url.host))
    return invalid("", "http:// is accepted for loopback only, since everybody on the way could read the token; use https://");
  url.base_path = std::string(text.substr(slash));
  while (!url.base_path.empty() && url.base_path.back() == '/') url.base_path.pop_back();
  return url;
}

}  // namespace shardkeeper::platform::kube
