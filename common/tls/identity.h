// What one process needs for mTLS: the cluster's CA certificate, its own certificate and its private key, all PEM. While one CA takes the place of
// another, both certificates stand in `ca_pem`.
#pragma once

#include "common/error/result.h"

#include <chrono>
#include <filesystem>
#include <string>

namespace shardkeeper::tls {

struct Identity {
  std::string ca_pem;
  std::string certificate_pem;
  std::string key_pem;

  bool operator==(const Identity&) const = default;
};

// File names below the folder given to write_identity and read_identity; the same as in a Kubernetes TLS secret.
inline constexpr const char* kCaFile = "ca.crt";
inline constexpr const char* kCertificateFile = "tls.crt";
inline constexpr const char* kKeyFile = "tls.key";

// Writes the three files, each atomically; the key has mode 0600. Makes `dir` (mode 0700) where it is missing.
// ERRORS kUnavailable: names the file and the system's reason.
Result<void> write_identity(const std::filesystem::path& dir, const Identity& identity);

// Reads what write_identity wrote and checks it. ERRORS kNotFound: a file is missing; kUnavailable: cannot be read;
// kInvalid: no PEM, longer than 64 KiB, key of another certificate, or not signed by this CA.
Result<Identity> read_identity(const std::filesystem::path& dir);

// The three files as they are. ERRORS kNotFound: a file is missing; kUnavailable: cannot be read; kInvalid: longer than 64 KiB.
Result<Identity> read_identity_files(const std::filesystem::path& dir);

// ERRORS kInvalid unless all three parse, the key belongs to the certificate and the CA signed it. Expiry is not checked.
Result<void> check(const Identity& identity);

struct Validity {
  std::chrono::sys_seconds not_before;
  std::chrono::sys_seconds not_after;

  bool contains(std::chrono::sys_seconds now) const { return not_before <= now && now <= not_after; }
  // Less than a third of the life is left: two renewals may fail before anything breaks.
  bool is_due_for_renewal(std::chrono::sys_seconds now) const { return not_after - now < (not_after - not_before) / 3; }
  bool operator==(const Validity&) const = default;
};

// ERRORS kInvalid: no certificate in `certificate_pem`.
Result<Validity> validity_of(const std::string& certificate_pem);

}  // namespace shardkeeper::tls
