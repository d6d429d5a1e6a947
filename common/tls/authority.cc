#include "common/tls/authority.h"

#include "common/tls/certificate_request.h"
#include "common/tls/files.h"
#include "common/tls/openssl.h"

#include <algorithm>

namespace shardkeeper::tls {
namespace {

constexpr std::string_view kDomain = ".shardkeeper";
constexpr std::string_view kAgentName = "agent";
constexpr std::chrono::days kAuthorityLife{3650};
constexpr std::chrono::days kCertificateLife{365};

// RFC 1123: what Kubernetes takes as a name and what may stand between two dots of a DNS name.
Result<void> check_label(const std::string& what, const std::string& name) {
  const auto is_label_char = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  const bool fits =
      !name.empty() && name.size() <= 63 && std::ranges::all_of(name, is_label_char) && name.front() != '-' && name.back() != '-';
  if (fits) return {};
  return invalid(what, "\"" + name.substr(0, 80) + "\" cannot stand in a certificate: 1 to 63 of a-z, 0-9 and -, not - at an end");
}

std::string authority_common_name(const ClusterName& cluster) { return "Shardkeeper CA of " + cluster.value; }

// ERRORS kInvalid.
Result<openssl::Certificate> parse_authority(const std::string& certificate_pem, const std::string& key_pem) {
  auto certificate = openssl::parse_certificate("CA certificate", certificate_pem);
  if (!certificate) return certificate;
  const auto key = openssl::parse_key("CA key", key_pem);
  if (!key) return key.error();
  if (X509_check_ca(certificate->get()) != 1) return invalid("CA certificate", "is no certificate of an authority");
  if (X509_check_private_key(certificate->get(), key->get()) != 1) return invalid("CA key", "belongs to another certificate");
  const int kind = EVP_PKEY_base_id(key->get());
  if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_EC) return invalid("CA key", "is neither an RSA nor an EC key");
  return certificate;
}

// X509 common names hold 64 bytes at most; the cluster's name may be longer than what is left.
std::string clipped(const std::string& name) { return name.substr(0, 64); }

}  // namespace

std::string coordinator_dns_name(const ClusterName& cluster) { return kCoordinatorName + ("." + cluster.value).append(kDomain); }
std::string agent_dns_name(const ClusterName& cluster) { return std::string(kAgentName).append("." + cluster.value).append(kDomain); }
std::string pod_dns_name(const ClusterName& cluster, const PodName& pod) { return (pod.value + "." + cluster.value).append(kDomain); }

Result<Authority> Authority::make(const ClusterName& cluster, std::chrono::sys_seconds now) {
  if (const auto checked = check_label("cluster name", cluster.value); !checked) return checked.error();
  const CertificateRequest request{.common_name = clipped(authority_common_name(cluster)),
                                   .usage = CertificateUsage::kAuthority,
                                   .validity = {now - kClockSkew, now + kAuthorityLife}};
  const auto made = make_self_signed(request);
  if (!made) return made.error();
  return Authority(cluster, made->certificate_pem, made->key_pem);
}

Result<Authority> Authority::parse(const ClusterName& cluster, std::string certificate_pem, std::string key_pem) {
  const auto certificate = parse_authority(certificate_pem, key_pem);
  if (!certificate) return certificate.error();
  const std::string wanted = clipped(authority_common_name(cluster));
  const std::string found = common_name_of(certificate->get());
  if (found != wanted) return invalid("CA certificate", "is that of \"" + found + "\", not \"" + wanted + "\"");
  return Authority(cluster, std::move(certificate_pem), std::move(key_pem));
}

Result<Authority> Authority::adopt(const ClusterName& cluster, std::string certificate_pem, std::string key_pem) {
  const auto certificate = parse_authority(certificate_pem, key_pem);
  if (!certificate) return certificate.error();
  if (X509_verify(certificate->get(), X509_get0_pubkey(certificate->get())) != 1)
    return invalid("CA certificate", "is signed by another authority; one that has signed itself is needed");
  return Authority(cluster, openssl::to_pem(certificate->get()), std::move(key_pem));
}

Result<Identity> Authority::issue_coordinator(std::chrono::sys_seconds now) const {
  return issue({.common_name = kCoordinatorName,
                .dns_names = {coordinator_dns_name(cluster_)},
                .usage = CertificateUsage::kClient,
                .validity = {now - kClockSkew, now + kCertificateLife}},
               certificate_pem_, key_pem_);
}

Result<Identity> Authority::issue_agent(const PodName& pod, std::chrono::sys_seconds now) const {
  if (const auto checked = check_label("pod name", pod.value); !checked) return checked.error();
  if (pod.value == kCoordinatorName || pod.value == kAgentName)
    return invalid("pod name", "\"" + pod.value + "\" means something else in certificates; choose another name");
  return issue({.common_name = pod.value,
                .dns_names = {pod_dns_name(cluster_, pod), agent_dns_name(cluster_)},
                .usage = CertificateUsage::kServerAndClient,
                .validity = {now - kClockSkew, now + kCertificateLife}},
               certificate_pem_, key_pem_);
}

Result<void> write_authority(const std::filesystem::path& dir, const Authority& authority) {
  if (const auto made = files::make_private_folder(dir); !made) return made;
  if (const auto wrote = files::write_atomically(dir / "ca.key", authority.key_pem(), 0600); !wrote) return wrote;
  return files::write_atomically(dir / kCaFile, authority.certificate_pem(), 0644);
}

Result<Authority> read_authority(const std::filesystem::path& dir, const ClusterName& cluster) {
  auto certificate = files::read(dir / kCaFile, openssl::kPemBytesMax);
  auto key = files::read(dir / "ca.key", openssl::kPemBytesMax);
  const auto is_absent = [](const auto& file) { return !file && file.error().kind == ErrorKind::kNotFound; };
  // Written key first: a key alone is what a process left that was killed before the CA was used. Nothing hangs on it.
  if (is_absent(certificate)) return not_found((dir / kCaFile).string(), "no CA was made here yet");
  if (!certificate) return certificate.error();
  if (is_absent(key))
    return invalid((dir / "ca.key").string(), "is missing beside its certificate; restore it, or remove both to make a new CA");
  if (!key) return key.error();
  auto authority = Authority::parse(cluster, std::move(*certificate), std::move(*key));
  if (!authority) return invalid(dir.string(), to_string(authority.error()));
  return authority;
}

}  // namespace shardkeeper::tls
