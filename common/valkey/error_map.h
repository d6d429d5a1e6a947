// A server's error reply as one of our six kinds. Pure.
#pragma once

#include "common/error/result.h"
#include "common/valkey/reply.h"

#include <string_view>

namespace shardkeeper::valkey {

// `command` is what was asked, for people ("CLUSTER MEET"); `text` is the error reply without its "-" ("ERR Unknown node …").
// The kind follows from the text's first word; what has no row of its own is kRefused. The detail holds the text, made printable,
// and the way out where the server's words do not say it.
Error to_error(std::string_view command, std::string_view text);

// Turns an error reply into its Error; everything else passes through.
Result<Reply> refuse_error_reply(std::string_view command, Result<Reply> reply);

}  // namespace shardkeeper::valkey
