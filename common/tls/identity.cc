#include "common/tls/identity.h"

#include "common/tls/files.h"
#include "common/tls/openssl.h"

#include <openssl/err.h>

#include <algorithm>
#include <ctime>

namespace shardkeeper::tls {
namespace {

Result<std::chrono::sys_seconds> to_seconds(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return invalid("certificate", "has no readable validity");
  using namespace std::chrono;
  const auto day = sys_days(year(parts.tm_year + 1900) / month(static_cast<unsigned>(parts.tm_mon) + 1) / parts.tm_mday);
  return day + hours(parts.tm_hour) + minutes(parts.tm_min) + seconds(parts.tm_sec);
}

}  // namespace

Result<void> check(const Identity& identity) {
  const auto authorities = openssl::parse_certificates("CA certificate", identity.ca_pem);
  if (!authorities) return authorities.error();
  const auto certificate = openssl::parse_certificate("certificate", identity.certificate_pem);
  if (!certificate) return certificate.error();
  const auto key = openssl::parse_key("private key", identity.key_pem);
  if (!key) return key.error();
  if (X509_check_private_key(certificate->get(), key->get()) != 1) return invalid("private key", "belongs to another certificate");
  const bool is_signed =
      std::ranges::any_of(*authorities, [&](const auto& ca) { return X509_verify(certificate->get(), X509_get0_pubkey(ca.get())) == 1; });
  ERR_clear_error();
  if (!is_signed) return invalid("certificate", "is not signed by this CA");
  return {};
}

Result<void> write_identity(const std::filesystem::path& dir, const Identity& identity) {
  if (const auto made = files::make_private_folder(dir); !made) return made;
  if (const auto wrote = files::write_atomically(dir / kKeyFile, identity.key_pem, 0600); !wrote) return wrote;
  if (const auto wrote = files::write_atomically(dir / kCertificateFile, identity.certificate_pem, 0644); !wrote) return wrote;
  return files::write_atomically(dir / kCaFile, identity.ca_pem, 0644);
}

Result<Identity> read_identity_files(const std::filesystem::path& dir) {
  const auto ca = files::read(dir / kCaFile, openssl::kPemBytesMax);
  if (!ca) return ca.error();
  const auto certificate = files::read(dir / kCertificateFile, openssl::kPemBytesMax);
  if (!certificate) return certificate.error();
  const auto key = files::read(dir / kKeyFile, openssl::kPemBytesMax);
  if (!key) return key.error();
  return Identity{*ca, *certificate, *key};
}

Result<Identity> read_identity(const std::filesystem::path& dir) {
  auto identity = read_identity_files(dir);
  if (!identity) return identity;
  if (const auto checked = check(*identity); !checked) return invalid(dir.string(), to_string(checked.error()));
  return identity;
}

Result<Validity> validity_of(const std::string& certificate_pem) {
  const auto certificate = openssl::parse_certificate("certificate", certificate_pem);
  if (!certificate) return certificate.error();
  const auto begin = to_seconds(X509_get0_notBefore(certificate->get()));
  if (!begin) return begin.error();
  const auto end = to_seconds(X509_get0_notAfter(certificate->get()));
  if (!end) return end.error();
  return Validity{*begin, *end};
}

}  // namespace shardkeeper::tls
