// Any text: an error, or a version that prints and parses to itself.
#include "common/valkey/parse/version_line.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shardkeeper;
  const auto version = valkey::parse::parse_version_line(fuzz::as_text(data, size));
  if (!version) {
    fuzz::check_error(version.error());
    return 0;
  }
  const auto again = valkey::parse::parse_version_line("Valkey server v=" + to_string(*version) + " sha=0");
  SK_CHECK(again && *again == *version, "what was printed, parses to the same");
  return 0;
}
