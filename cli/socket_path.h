// Where the coordinator's admin socket is, when the command line does not say it.
#pragma once

#include <filesystem>

namespace shardkeeper::cli {

// $SHARDKEEPER_SOCKET, else admin.sock in the coordinator's default state folder: ${XDG_STATE_HOME:-~/.local/state}/shardkeeper.
std::filesystem::path default_socket_path();

}  // namespace shardkeeper::cli
