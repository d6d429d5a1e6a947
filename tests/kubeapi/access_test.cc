#include "tests/kubeapi/api_fixture.h"

#include <gmock/gmock.h>

namespace shardkeeper::platform::kube {
namespace {

using testing::HasSubstr;

class Access : public ApiFixture {
 protected:
  Config config() const { return read_kubeconfig(server().kubeconfig()).value(); }
};

TEST_F(Access, AClientCertificateIsEnough) {
  const auto by_certificate = connect(server().certificate_kubeconfig());
  EXPECT_TRUE(ask(*by_certificate, get_request({"v1", "Namespace", "namespaces", false}, {"", space_})).has_value());
}

TEST_F(Access, WhoMayNothingIsToldWhat) {
  const auto powerless = connect(server().powerless_kubeconfig());
  const auto list = error_of(*powerless, list_request(resources::kPods, {space_, "", ""}, 10, ""));
  EXPECT_EQ(list.kind, ErrorKind::kRefused);
  EXPECT_THAT(list.detail, HasSubstr("not allowed to list pods in namespace " + space_));
  const auto create = error_of(*powerless, create_request(resources::kLeases, space_, {{"metadata", object{{"name", "x"}}}}));
  EXPECT_THAT(create.detail, HasSubstr("not allowed to create leases in namespace " + space_));
}

TEST_F(Access, ATokenFileThatIsReplacedIsReadAnew) {
  const test::TempDir temp;
  auto by_file = config();
  const auto good = by_file.token.empty() ? test::read_file(by_file.token_file) : by_file.token;
  by_file.token_file = temp / "token";
  test::write_file(by_file.token_file, "expired");
  const auto api = connect(by_file);
  const auto request = get_request({"v1", "Namespace", "namespaces", false}, {"", space_});
  EXPECT_THAT(error_of(*api, request).detail, HasSubstr("401: the API server does not accept our credentials"));
  test::write_file(by_file.token_file, good);
  EXPECT_TRUE(ask(*api, request).has_value());
}

TEST_F(Access, AnotherServersCertificateIsNotBelieved) {
  auto strange = config();
  strange.server_name = "somewhere.else";
  EXPECT_THAT(error_of(*connect(strange), Request{.path = "/version"}).detail, HasSubstr("is not accepted: hostname mismatch"));
  auto unknown = config();
  unknown.ca_pem.clear();
  EXPECT_THAT(error_of(*connect(unknown), Request{.path = "/version"}).detail, HasSubstr("is not accepted: "));
}

}  // namespace
}  // namespace shardkeeper::platform::kube
