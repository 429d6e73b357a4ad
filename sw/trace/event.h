// SPDX-License-Identifier: Apache-2.0
//
// What a recorded program did: references and system calls that change its address space.
#pragma once

#include <stdexcept>
#include <string>

#include "sw/core/types.h"

namespace kilburn::os {

struct TraceEvent {
  enum class Kind : u8 { fetch, read, write, modify, map, unmap, protect, remap, brk, fork, exec, exit };
  Kind kind = Kind::read;
  Rights rights = 0;                    // map, protect
  u16 size = 0;                         // references: bytes, 1 to kMaxReference
  u64 address = 0;                      // references; map, unmap, protect: start; remap: new start; brk: new break
  u64 length = 0;                       // map, unmap, protect; remap: new length
  u64 old_address = 0, old_length = 0;  // remap
  u64 offset = 0;                       // map: in the file
  u32 file = 0;                         // map: 0 anonymous, else a number that stays the same for one descriptor
  u32 pid = 0;                          // fork: the child
  bool reference() const { return kind <= Kind::modify; }
};
inline constexpr u16 kMaxReference = 512;  // lackey's MAX_DSIZE

class TraceReader {
 public:
  virtual ~TraceReader() = default;
  // False at the end. Throws TraceError.
  virtual bool next(TraceEvent&) = 0;
  virtual u64 line() const = 0;  // of the last event, from 1; binary formats: its record's number
  virtual const std::string& name() const = 0;
};

// Equal in every field that their kind has.
bool same_event(const TraceEvent&, const TraceEvent&);

// A trace that is not what its format says; names the place.
class TraceError : public std::runtime_error {
 public:
  // Text formats: `line` from 1.
  TraceError(std::string file, u64 line, std::string reason)
      : TraceError(std::move(file), "", line, std::move(reason)) {}
  // Binary formats: `offset` in bytes from 0, after decompression.
  static TraceError at_byte(std::string file, u64 offset, std::string reason) {
    return {std::move(file), "byte ", offset, std::move(reason)};
  }
  const std::string& file() const { return file_; }
  u64 line() const { return line_; }  // or byte offset
  const std::string& reason() const { return reason_; }

 private:
  TraceError(std::string file, const char* unit, u64 place, std::string reason)
      : std::runtime_error(file + ":" + unit + std::to_string(place) + ": " + reason),
        file_(std::move(file)),
        line_(place),
        reason_(std::move(reason)) {}

  std::string file_;
  u64 line_;
  std::string reason_;
};

// One line is wrong; the reader can go on with the next one.
class BadLine : public TraceError {
 public:
  using TraceError::TraceError;
};

}  // namespace kilburn::os
