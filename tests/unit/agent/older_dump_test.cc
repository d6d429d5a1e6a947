// Dumps of a newer server made readable for an older one: whole, in pieces, and inside what MIGRATE sends.
#include "agent/migrate/older_dump.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace shardkeeper::agent {
namespace {

using namespace std::string_literals;

// DUMP of SET s v, by valkey-server 9.1.2.
const std::string kReal = "\x00\x01v\x50\x00\x5e\x22\x07\x23\x87\x6a\xed\x3a"s;
std::string with_footer(const std::string& value, int version) {
  std::string dump = value + static_cast<char>(version) + '\0';
  const std::uint64_t crc = dump_crc(0, dump);
  for (int i = 0; i < 8; ++i) dump.push_back(static_cast<char>((crc >> (8 * i)) & 0xff));
  return dump;
}
std::string request(const std::vector<std::string>& arguments) {
  std::string text = "*" + std::to_string(arguments.size()) + "\r\n";
  for (const auto& argument : arguments) text += "$" + std::to_string(argument.size()) + "\r\n" + argument + "\r\n";
  return text;
}

TEST(DumpCrc, IsThatOfTheServers) { EXPECT_EQ(dump_crc(0, "123456789"), 0xe9c6d914c4b8d9caULL); }

TEST(OlderDump, HasTheOlderVersionAndItsChecksum) {
  ASSERT_EQ(with_footer("\0\1v"s, 80), kReal);
  EXPECT_EQ(older_dump(with_footer("\0\1v"s, 80)), with_footer("\0\1v"s, 11));
  EXPECT_EQ(older_dump(with_footer("\xf5 libraries"s, 80)), with_footer("\xf5 libraries"s, 11)) << "FUNCTION DUMP";
}

TEST(OlderDump, IsLeftAloneWhereItCannotBecomeOne) {
  const std::string old = with_footer("\0\1v"s, 11);
  EXPECT_EQ(older_dump(old), old);
  const std::string later = with_footer("\x16 fields that expire"s, 80);
  EXPECT_EQ(older_dump(later), later);
  std::string damaged = with_footer("\0\5value"s, 80);
  damaged[3] = 'V';
  EXPECT_EQ(older_dump(damaged), damaged) << "a false checksum must not become a right one";
  for (const auto& nonsense : {""s, "short"s, std::string(10, 'x')}) EXPECT_EQ(older_dump(nonsense), nonsense);
}

TEST(OlderRequests, TranslateOnlyTheDumps) {
  const std::string value = "\0"s + std::string(300, 'v') + "\r\n*3\r\n$7\r\nRESTORE\r\n"s;
  const auto all = [&](int version) {
    const std::string dump = with_footer(value, version);
    return request({"AUTH", "user", with_footer("no dump", 80)}) + request({"SELECT", "0"}) +
           request({"RESTORE-ASKING", "a key", "0", dump, "REPLACE"}) + request({"RESTORE-ASKING", "", "1000", dump, "REPLACE"}) +
           request({"restore", "{x}", "0", dump});
  };
  const std::string from = all(80);
  for (std::size_t piece = 1; piece <= from.size(); piece = piece * 2 + 1) {
    OlderRequests requests;
    std::string out;
    for (std::size_t at = 0; at < from.size(); at += piece) out += requests.feed(std::string_view(from).substr(at, piece));
    EXPECT_EQ(out, all(11)) << "in pieces of " << piece;
  }
}

TEST(OlderRequests, PassOnWhatIsNone) {
  for (const std::string text : {"PING\r\n", "*0\r\n", "*-1\r\n$3\r\n", "*2\r\n:5\r\n", "*1\r\n$x\r\nabc", "*1\r\n$1\r\nabc\r\n"}) {
    OlderRequests requests;
    EXPECT_EQ(requests.feed(text) + requests.feed("*1\r\n$4\r\nPING\r\n"), text + "*1\r\n$4\r\nPING\r\n");
  }
}

}  // namespace
}  // namespace shardkeeper::agent
