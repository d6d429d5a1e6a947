#include "common/tls/idle_buffers.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>

namespace shardkeeper::tls {
namespace {

bool new_contexts_release() {
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_method()), SSL_CTX_free);
  return (SSL_CTX_get_mode(context.get()) & SSL_MODE_RELEASE_BUFFERS) != 0;
}

TEST(IdleBuffers, AreReleasedByEveryContextMadeAfterwards) {
  EXPECT_FALSE(new_contexts_release());
  release_idle_buffers();
  release_idle_buffers();
  EXPECT_TRUE(new_contexts_release());
}

}  // namespace
}  // namespace shardkeeper::tls
