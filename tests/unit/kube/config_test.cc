#include "coordinator/platform/kube/client/config.h"

#include "coordinator/platform/kube/client/base64.h"
#include "coordinator/platform/kube/client/server_url.h"
#include "coordinator/platform/kube/client/token.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace shardkeeper::platform::kube {
namespace {

using testing::HasSubstr;

constexpr const char* kGood = R"(apiVersion: v1
kind: Config
current-context: main
contexts:
- name: other
  context: {cluster: c2, user: u2}
- name: main
  context:
    cluster: c1
    user: u1
    namespace: space
clusters:
- name: c1
  cluster:
    server: https://[fd00::1]:6443/base/
    certificate-authority-data: Q0E=
- name: c2
  cluster: {server: "https://api.example", certificate-authority: pki/ca.crt, tls-server-name: kubernetes}
users:
- name: u1
  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
- name: u2
  user:
    tokenFile: token
    token: direct
)";

Result<std::string> read_nothing(const std::filesystem::path& file) {
  if (file == "/etc/kube/pki/ca.crt") return std::string("FILE-CA");
  return not_found(file.string(), file.string() + ": No such file or directory");
}
Result<Config> parse(std::string_view text, std::string_view context = "") {
  return parse_kubeconfig("/etc/kube/config", text, read_nothing, context);
}
std::string fault(std::string_view text) {
  const auto config = parse(text);
  return config ? "no fault" : to_string(config.error());
}
// kGood with one piece replaced.
std::string with(std::string_view piece, std::string_view by) {
  std::string text = kGood;
  text.replace(text.find(piece), piece.size(), by);
  return text;
}

TEST(Kubeconfig, TheCurrentContextCounts) {
  const auto config = parse(kGood);
  ASSERT_TRUE(config.has_value()) << to_string(config.error());
  EXPECT_EQ(*config, (Config{.is_tls = true,
                             .host = "fd00::1",
                             .port = 6443,
                             .base_path = "/base",
                             .server_name = "fd00::1",
                             .ca_pem = "CA",
                             .certificate_pem = "CERT",
                             .key_pem = "KEY",
                             .default_space = "space",
                             .source = "/etc/kube/config"}));
}

TEST(Kubeconfig, FilesAreBesideIt) {
  const auto config = parse(kGood, "other");
  ASSERT_TRUE(config.has_value()) << to_string(config.error());
  EXPECT_EQ(config->ca_pem, "FILE-CA");
  EXPECT_EQ(config->token_file, "/etc/kube/token");
  EXPECT_EQ(config->token, "direct");
  EXPECT_EQ(config->server_name, "kubernetes");
  EXPECT_EQ(config->port, 443);
}

TEST(Kubeconfig, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(fault(with("current-context: main", "current-context: gone")), "/etc/kube/config: no entry named \"gone\" in contexts");
  EXPECT_THAT(fault(with("current-context: main\n", "")), HasSubstr("current-context is not set"));
  EXPECT_THAT(fault(with("cluster: c1\n", "cluster: c9\n")), HasSubstr("no entry named \"c9\" in clusters"));
  EXPECT_THAT(fault(with("user: u1", "user: u9")), HasSubstr("no entry named \"u9\" in users"));
  EXPECT_THAT(fault(with("https://[fd00::1]:6443/base/", "ftp://x")), HasSubstr("config:15: server: must begin with https://"));
  EXPECT_THAT(fault(with("server: https://[fd00::1]:6443/base/\n", "x: y\n")), HasSubstr("server is missing"));
  EXPECT_THAT(fault(with("certificate-authority-data: Q0E=", "certificate-authority-data: '*'")),
              HasSubstr(":16: certificate-authority-data is not Base64"));
  EXPECT_THAT(fault(with("certificate-authority-data: Q0E=", "certificate-authority: gone.crt")),
              HasSubstr("/etc/kube/gone.crt: No such file"));
  EXPECT_THAT(fault(with("client-key-data: S0VZ", "x: y")), HasSubstr("belong together"));
  EXPECT_THAT(fault("[1, 2]"), HasSubstr("is no kubeconfig"));
  EXPECT_THAT(fault(""), HasSubstr("is no kubeconfig"));
  EXPECT_THAT(fault("a: [b"), HasSubstr("is not YAML"));
}

TEST(Kubeconfig, RefusesWhatWouldBeUnsafeOrIsNotThere) {
  EXPECT_THAT(fault(with("certificate-authority-data: Q0E=", "insecure-skip-tls-verify: true")),
              HasSubstr(":16: insecure-skip-tls-verify is not supported: anybody"));
  EXPECT_EQ(fault(with("certificate-authority-data: Q0E=", "insecure-skip-tls-verify: false")), "no fault");
  EXPECT_THAT(fault(with("certificate-authority-data: Q0E=", "proxy-url: http://p")), HasSubstr("proxy-url"));
  for (const char* field : {"exec: {command: x}", "auth-provider: {name: x}", "username: x", "password: x", "as: x"})
    EXPECT_THAT(fault(with("client-certificate-data: Q0VSVA==, client-key-data: S0VZ", field)), HasSubstr("not supported; use a token"))
        << field;
}

TEST(Kubeconfig, ReadsAFile) {
  const test::TempDir temp;
  EXPECT_EQ(read_kubeconfig(temp / "none").error().kind, ErrorKind::kNotFound);
  test::write_file(temp / "config", kGood);
  EXPECT_TRUE(read_kubeconfig(temp / "config").has_value());
  EXPECT_EQ(read_kubeconfig(temp.path()).error().kind, ErrorKind::kUnavailable) << "a folder";
}

TEST(ServerUrlTest, Parts) {
  EXPECT_EQ(parse_server_url("https://a.b").value(), (ServerUrl{true, "a.b", 443, ""}));
  EXPECT_EQ(parse_server_url("http://127.0.0.1:8001/").value(), (ServerUrl{false, "127.0.0.1", 8001, ""}));
  EXPECT_EQ(parse_server_url("https://h:1/a/b//").value(), (ServerUrl{true, "h", 1, "/a/b"}));
  for (const char* wrong :
       {"", "https://", "https://:6443", "https://h:", "https://h:0", "https://h:65536", "https://h:1x", "https://u@h", "https://h?x",
        "https://h\r\nX: y", "https://[::1", "https://[]:1", "https://[::1]x", "http://10.0.0.1", "h:6443", "https://a]b"})
    EXPECT_FALSE(parse_server_url(wrong).has_value()) << wrong;
}

TEST(Base64, ThereAndBack) {
  for (const std::string bytes : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  EXPECT_EQ(to_base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(from_base64("Zm9v\r\n YmFy\n"), "foobar");
  for (const char* wrong : {"Z", "Zg", "Zg=", "Z===", "Zg==Zg==", "====", "Zm9v!", "Zg=a"})
    EXPECT_EQ(from_base64(wrong), std::nullopt) << wrong;
}

class InClusterTest : public testing::Test {
 protected:
  Result<Config> read() {
    return in_cluster_config(
        [this](const char* name) -> std::optional<std::string> {
          if (std::string_view(name) == "KUBERNETES_SERVICE_HOST") return host_;
          return "6443";
        },
        temp_.path());
  }
  const test::TempDir temp_;
  std::optional<std::string> host_ = "10.96.0.1";
};

TEST_F(InClusterTest, TakesWhatThePodIsGiven) {
  test::write_file(temp_ / "ca.crt", "CA");
  test::write_file(temp_ / "token", "t");
  test::write_file(temp_ / "namespace", "space\n");
  const auto config = read();
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(*config, (Config{.host = "10.96.0.1",
                             .port = 6443,
                             .server_name = "10.96.0.1",
                             .ca_pem = "CA",
                             .token_file = temp_ / "token",
                             .default_space = "space",
                             .source = "in-cluster"}));
}

TEST_F(InClusterTest, SaysWhatIsMissing) {
  EXPECT_THAT(to_string(read().error()), HasSubstr("ca.crt: No such file or directory; does the pod mount"));
  host_.reset();
  EXPECT_EQ(read().error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(to_string(read().error()), HasSubstr("KUBERNETES_SERVICE_HOST is not set"));
  host_ = "a b";
  EXPECT_EQ(read().error().kind, ErrorKind::kInvalid);
}

TEST(TokenTest, FollowsItsFile) {
  const test::TempDir temp;
  Token token(Config{.token_file = temp / "token"});
  EXPECT_EQ(token.current().error().kind, ErrorKind::kUnavailable);
  test::write_file(temp / "token", "one\r\nX-Evil: 1");
  EXPECT_EQ(token.current().value(), "oneX-Evil:1") << "no line end may reach a header";
  test::write_file(temp / "token", "three");
  EXPECT_EQ(token.current().value(), "three");
  // As the kubelet does it: a link to a folder that is swapped whole.
  std::filesystem::remove(temp / "token");
  EXPECT_EQ(token.current().value(), "three") << "gone for a moment";
  test::write_file(temp / "next", "other");
  std::filesystem::create_symlink(temp / "next", temp / "token");
  EXPECT_EQ(token.current().value(), "other");
  test::write_file(temp / "next", "");
  EXPECT_EQ(token.current().value(), "other") << "half written";
}

TEST(TokenTest, WithoutAFileItIsWhatWasGiven) {
  EXPECT_EQ(Token(Config{.token = "t"}).current().value(), "t");
  EXPECT_EQ(Token(Config{}).current().value(), "");
}

}  // namespace
}  // namespace shardkeeper::platform::kube
