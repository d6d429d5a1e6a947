// A coordinator that does nothing but hold the lease: prints "token N" and lives until it is ended, or prints why it did not get it.
//   lease_host FILE NAME
#include "coordinator/reconcile/lease_file.h"

#include <unistd.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  shardkeeper::reconcile::LeaseFile lease(argv[1], argv[2]);
  const auto token = lease.try_acquire();
  if (!token) {
    std::printf("%s\n", to_string(token.error()).c_str());
    return 1;
  }
  std::printf("token %llu\n", static_cast<unsigned long long>(token->value));
  std::fflush(stdout);
  for (;;) ::pause();
}
