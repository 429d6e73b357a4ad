// SPDX-License-Identifier: Apache-2.0
//
// Writes FTR, the "fast transaction recording" format of LWTR4SC (github.com/Minres/LWTR4SC, README.md): streams of
// transactions from generators, their attributes, and named relations between them. Surfer and SCViewer read it.
//
// A file is CBOR (RFC 8949): tag 55799, then an array of chunks. Every chunk's content is a byte string of its own. The
// specification leaves that open for the first, the info chunk; files of LWTR4SC have it so and readers want it so.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::tb {

class FtrWriter {
 public:
  enum class Moment : arch::u8 { begin = 7, during = 8, end = 9 };  // of an attribute; the tags of the format
  struct Attribute {
    Moment moment;
    std::string_view name;
    std::variant<arch::u64, std::string> value;  // UNSIGNED, STRING
  };

  // All times are multiples of 10 to the power of `time_scale` seconds.
  FtrWriter(const std::filesystem::path&, int time_scale);

  // Streams and generators come before the first transaction. Numbers of their own, from 1.
  arch::u64 add_stream(std::string_view name);
  arch::u64 add_generator(std::string_view name, arch::u64 stream);

  // `id`: unique in the file, not 0.
  void transaction(arch::u64 id, arch::u64 generator, arch::u64 begin, arch::u64 end, std::span<const Attribute>);
  struct End {
    arch::u64 id, stream;
  };
  void relation(std::string_view name, const End& source, const End& sink);

  // False: it could not be written to the end; the file is of no use.
  bool close();

 private:
  using Bytes = std::vector<unsigned char>;
  struct Block {
    Bytes content;
    arch::u64 begin = 0, end = 0;
  };
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  arch::u64 string_id(std::string_view);
  void chunk(unsigned tag, const Bytes& content);
  void put(const Bytes&);
  void flush_strings();
  void flush_directory();
  void flush_block(arch::u64 stream);
  void flush_relations();

  std::unique_ptr<std::FILE, Close> file_;
  bool good_ = false;
  arch::u64 items_ = 0;                                 // streams and generators
  std::unordered_map<arch::u64, arch::u64> stream_of_;  // by generator
  std::unordered_map<arch::u64, Block> blocks_;         // by stream
  Bytes directory_, relations_;
  std::unordered_map<std::string, arch::u64> strings_;
  std::vector<std::pair<arch::u64, std::string>> new_strings_;  // not in the file yet
  arch::u64 next_string_ = 0;
};

}  // namespace kilburn::tb
