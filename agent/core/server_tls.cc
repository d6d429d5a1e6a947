#include "agent/core/server_tls.h"

#include "common/tls/identity.h"

namespace shardkeeper::agent {

void ServerTls::want(const std::string& folder, const Result<std::string>& text) {
  folder_ = folder;
  file_trouble_ = text ? "" : to_string(text.error());
  if (text) wanted_ = *text;
  changed_();
}

void ServerTls::process_ended() {
  told_.reset();
  server_trouble_.clear();
}

// Setting the names again makes the server read the files, all three at once; what it cannot use it leaves, with all it had.
void ServerTls::look() {
  if (!wanted_ || !file_trouble_.empty() || is_telling_ || told_ == wanted_) return;
  is_telling_ = true;
  const auto path = [this](const char* file) { return folder_ + "/" + file; };
  server_.call({"CONFIG", "SET", "tls-cert-file", path(tls::kCertificateFile), "tls-key-file", path(tls::kKeyFile), "tls-ca-cert-file",
                path(tls::kCaFile)},
               [this, told = wanted_, alive = alive_.watch()](const Result<valkey::Reply>& reply) {
                 if (alive.expired()) return;
                 is_telling_ = false;
                 if (!reply) return;  // lost: again at the next look
                 told_ = told;
                 server_trouble_ = reply->is_error() ? "the server cannot use them: " + reply->text : "";
                 changed_();
               });
}

}  // namespace shardkeeper::agent
