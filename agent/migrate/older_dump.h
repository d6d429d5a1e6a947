// What MIGRATE of a newer server sends, made readable for an older one. A server refuses the dump of a key whose footer names a later version
// of the format than its own, although nearly all kinds of keys are written as before: so the footer is written anew. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace shardkeeper::agent {

// The format of Valkey 7.2 to 8.1. Valkey 9.0 calls its own 80.
inline constexpr std::uint16_t kOlderDumpVersion = 11;
// The last kind of value in that format; later ones (hashes with fields that expire: 22) cannot be told to an older server at all.
inline constexpr std::uint8_t kOlderDumpKindMax = 21;
inline constexpr std::uint8_t kDumpOfFunctions = 245;

// The CRC-64 of dumps, continued from `crc` (0 at the beginning).
std::uint64_t dump_crc(std::uint64_t crc, std::string_view bytes);

// One dump, in pieces of any size: value, version (2 bytes), checksum (8 bytes). It comes out as it is where it is old enough, of a later
// kind, or damaged: then the older server says why it refuses it.
class OlderDump {
 public:
  explicit OlderDump(std::size_t size) : left_(size) {}

  // REQUIRES no more than the size in all. Appends to `out`, which is one footer behind until the last piece.
  void feed(std::string_view piece, std::string& out);

 private:
  void end(std::string& out) const;

  static constexpr std::size_t kFooterBytes = 10;
  std::size_t left_;
  bool is_first_ = true;
  bool is_later_kind_ = false;
  std::uint64_t crc_ = 0;
  std::string footer_;
};

// A whole dump at once.
std::string older_dump(std::string_view dump);

// The requests of one connection of MIGRATE, in pieces of any size: AUTH and SELECT pass, the dumps in RESTORE and RESTORE-ASKING become
// older ones. Never holds more than a few bytes. What is no request passes as it is: the target refuses it.
class OlderRequests {
 public:
  std::string feed(std::string_view piece);

 private:
  enum class At { kCount, kSize, kBody, kAfterBody, kPassing };
  std::size_t take_line(std::string_view piece, std::string& out);
  std::size_t take_body(std::string_view piece, std::string& out);
  void on_line();
  bool is_dump() const { return argument_ == 3 && (name_ == "restore" || name_ == "restore-asking"); }

  At at_ = At::kCount;
  std::string line_;
  std::string name_;  // of the command, in small letters
  std::size_t arguments_left_ = 0;
  std::size_t argument_ = 0;
  std::size_t body_left_ = 0;
  OlderDump dump_{0};
};

}  // namespace shardkeeper::agent
