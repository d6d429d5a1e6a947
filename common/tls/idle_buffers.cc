#include "common/tls/idle_buffers.h"

#include <openssl/ssl.h>

namespace shardkeeper::tls {
namespace {

// OpenSSL calls this for each context it makes: the one way to reach those that a library makes and keeps to itself.
void on_context(void* context, void*, CRYPTO_EX_DATA*, int, long, void*) {
  SSL_CTX_set_mode(static_cast<SSL_CTX*>(context), SSL_MODE_RELEASE_BUFFERS);
}

}  // namespace

void release_idle_buffers() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, on_context, nullptr, nullptr);
  static_cast<void>(index);
}

}  // namespace shardkeeper::tls
