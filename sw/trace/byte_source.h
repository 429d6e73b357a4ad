// SPDX-License-Identifier: Apache-2.0
//
// Bytes of a file, a pipe or memory, plain or decompressed, for the readers.
#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "sw/core/types.h"

namespace kilburn::os {

// The bytes cannot be had; what() is the reason. The reader that knows the place makes a TraceError of it.
class ReadFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // At most `n` bytes; 0 only at the end. Throws ReadFailure.
  virtual size_t read(char* out, size_t n) = 0;
  // To an absolute offset; false where that is impossible (pipes, compressed files).
  virtual bool seek(u64 /*offset*/) { return false; }
  virtual bool seek_end(u64 /*bytes before the end*/) { return false; }
  // As many bytes as there are, up to `n`.
  size_t read_all(char* out, size_t n);
};

std::unique_ptr<ByteSource> open_bytes(const std::string& path);   // "-": standard input; throws UserError
std::unique_ptr<ByteSource> descriptor_bytes(int fd);              // takes the descriptor
std::unique_ptr<ByteSource> memory_bytes(std::string_view bytes);  // bytes outlive the source
// The first bytes of a source (at most `n`), which it still delivers afterwards.
std::string peek_bytes(std::unique_ptr<ByteSource>&, size_t n);

enum class Compression : u8 { none, gzip, xz, zstd };
Compression compression_of(std::string_view first_bytes);  // by the magic number
std::string_view name(Compression);

// Decompresses; several streams may follow one another (gzip members, concatenated .xz). A stream that is cut off
// or damaged is a ReadFailure, never a short trace; `ignore_damage` is the seeded bug M22.
std::unique_ptr<ByteSource> decompressed(std::unique_ptr<ByteSource>, Compression, bool ignore_damage = false);

}  // namespace kilburn::os
