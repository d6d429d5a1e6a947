// Stands in for a valkey-server that has lost its mind: says a good version, then answers every byte with what is no reply.
#include "agent/io/volume_layout.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

int main(int argc, char** argv) {
  const std::string argument = argc > 1 ? argv[1] : "";
  if (argument == "--version") {
    std::puts("Valkey server v=9.1.2 sha=00000000:0 malloc=libc bits=64 build=0");
    return 0;
  }
  // launch passes the path of server.conf, which lies in the volume.
  const std::string path = argument.substr(0, argument.rfind('/') + 1) + shardkeeper::agent::layout::kServerSocket;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  unlink(path.c_str());
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr* const generic = static_cast<sockaddr*>(static_cast<void*>(&address));
  if (bind(listener, generic, sizeof(address)) != 0 || listen(listener, 8) != 0) return 1;
  for (;;) {
    const int client = accept(listener, nullptr, nullptr);
    char buffer[512];
    while (read(client, buffer, sizeof(buffer)) > 0)
      if (send(client, "\x01 what?\r\n", 9, MSG_NOSIGNAL) <= 0) break;
    close(client);
  }
}
