#include "common/valkey/error_map.h"

#include "common/valkey/parse/quote.h"

#include <algorithm>
#include <array>

namespace shardkeeper::valkey {
namespace {

struct Row {
  std::string_view begins;  // whole words; longer rows of the same first word come first
  ErrorKind kind;
  std::string_view way_out;  // appended; empty where the server's own words suffice
};

constexpr std::size_t kShownBytesMax = 300;

constexpr std::array kRows{
    // Passes by itself: ask again.
    Row{"LOADING", ErrorKind::kUnavailable, ""},
    Row{"CLUSTERDOWN", ErrorKind::kUnavailable, ""},
    Row{"TRYAGAIN", ErrorKind::kUnavailable, ""},
    Row{"MASTERDOWN", ErrorKind::kUnavailable, ""},
    Row{"BUSY", ErrorKind::kUnavailable, "a script or module blocks the server; it may need SCRIPT KILL"},
    Row{"ERR max number of clients", ErrorKind::kUnavailable, "raise maxclients or close connections"},
    // Our rights are wrong: nothing changes until somebody changes them.
    Row{"NOAUTH", ErrorKind::kRefused, "the connection has to log in: give user and password"},
    Row{"WRONGPASS", ErrorKind::kRefused,
        "user or password differ from the server's ACL file; restart the pod so that both are rendered together"},
    Row{"NOPERM", ErrorKind::kRefused, "the user's ACL lacks this command; compare it with the server's ACL file"},
    // Not a no-op: replicas may have applied what the primary refused (SETSLOT), or keys may be on both sides (MIGRATE).
    Row{"NOREPLICAS", ErrorKind::kUnknownOutcome, "it may still be applied on replicas: observe, then repeat the same command"},
    Row{"IOERR", ErrorKind::kUnknownOutcome, "it may have been done on the other server: observe first"},
    Row{"UNBLOCKED", ErrorKind::kUnknownOutcome, "the server changed its role meanwhile: observe first"},
    // Our view of who is what is old.
    Row{"MOVED", ErrorKind::kConflict, "another node owns the slot"},
    Row{"ASK", ErrorKind::kConflict, "the slot is being moved"},
    Row{"READONLY", ErrorKind::kConflict, "the server is a replica now"},
    Row{"ERR Unknown node", ErrorKind::kNotFound, "the server has not heard of that node yet, or has forgotten it"},
};

bool begins_with_words(std::string_view text, std::string_view words) {
  return text.starts_with(words) && (text.size() == words.size() || text[words.size()] == ' ');
}

}  // namespace

Error to_error(std::string_view command, std::string_view text) {
  Error error{ErrorKind::kRefused, std::string(command), parse::printable(text, kShownBytesMax)};
  const auto row = std::ranges::find_if(kRows, [text](const Row& r) { return begins_with_words(text, r.begins); });
  if (row == kRows.end()) return error;
  error.kind = row->kind;
  if (!row->way_out.empty()) error.detail += "; " + std::string(row->way_out);
  return error;
}

Result<Reply> refuse_error_reply(std::string_view command, Result<Reply> reply) {
  if (reply && reply->is_error()) return to_error(command, reply->text);
  return reply;
}

}  // namespace shardkeeper::valkey
