// Gives back the pages of code that only starting up needed.
#pragma once

#include <cstddef>

namespace shardkeeper::agent {

// Most of a static gRPC and OpenSSL runs once, but the kernel maps 64 KiB around every instruction that ever ran: 10 of the agent's 18 MiB. Drops
// the executable mappings of files from this process's memory; they stay in the page cache, and what still runs is mapped again as it is used.
// Only pages that are never written: private, executable, not writable.
// RETURNS the bytes that were mapped there; 0 where /proc cannot be read. THREAD any.
std::size_t drop_startup_pages();

}  // namespace shardkeeper::agent
