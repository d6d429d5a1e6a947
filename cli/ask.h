// A question to whoever sits at the terminal.
#pragma once

#include "cli/output.h"

#include <string>
#include <string_view>

namespace shardkeeper::cli {

// Writes the question to the error stream and reads a line from the terminal; anything but y or yes is a no. kNobodyThere unless
// both standard input and the error stream are terminals. Blocks; Ctrl-C ends the process, as nothing has been done yet.
Answer ask_at_terminal(const std::string& question);

// What an answer says: "y", "Yes" and "YES " are yes.
Answer answer_of(std::string_view line);

}  // namespace shardkeeper::cli
