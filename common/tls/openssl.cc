#include "common/tls/openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>

namespace shardkeeper::tls::openssl {
namespace {

Bio reader(std::string_view text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string text_of(const Bio& bio) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return length > 0 ? std::string(data, static_cast<std::size_t>(length)) : std::string();
}

// A key with a pass phrase would make OpenSSL ask on the terminal; ours have none.
int no_pass_phrase(char*, int, int, void*) { return 0; }

Result<void> check_size(const std::string& where, std::string_view pem) {
  if (pem.empty()) return invalid(where, "is empty; expected PEM text");
  if (pem.size() > kPemBytesMax)
    return invalid(where, "is " + std::to_string(pem.size()) + " bytes long; at most " + std::to_string(kPemBytesMax));
  return {};
}

}  // namespace

Result<std::vector<Certificate>> parse_certificates(const std::string& where, std::string_view pem) {
  if (const auto sized = check_size(where, pem); !sized) return sized.error();
  ERR_clear_error();
  const Bio bio = reader(pem);
  std::vector<Certificate> found;
  while (Certificate next{PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr)}) found.push_back(std::move(next));
  const bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (found.empty() || !is_at_end) return invalid(where, "is no PEM certificate: " + take_reason());
  ERR_clear_error();
  return found;
}

Result<Certificate> parse_certificate(const std::string& where, std::string_view pem) {
  auto found = parse_certificates(where, pem);
  if (!found) return found.error();
  return std::move(found->front());
}

Result<Key> parse_key(const std::string& where, std::string_view pem) {
  if (const auto sized = check_size(where, pem); !sized) return sized.error();
  ERR_clear_error();
  const Bio bio = reader(pem);
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr));
  if (!key) return invalid(where, "is no PEM private key: " + take_reason());
  return key;
}

std::string to_pem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), certificate) != 1) return {};
  return text_of(bio);
}

std::string to_pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) return {};
  return text_of(bio);
}

std::string take_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "unknown reason";
  const char* const reason = ERR_reason_error_string(code);
  if (reason != nullptr) return reason;
  std::array<char, 128> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

}  // namespace shardkeeper::tls::openssl
