// SPDX-License-Identifier: Apache-2.0
//
// Follows the frames of a .zst file without decoding them, to know whether it ends where a frame ends: the
// decompressor takes a file that is cut anywhere for a complete one.
#pragma once

#include <span>

#include "sw/core/types.h"

namespace kilburn::os {

class ZstdFrames {
 public:
  void feed(std::span<const char> bytes);
  bool complete() const { return state_ == State::magic && have_ == 0; }

 private:
  enum class State : u8 { magic, descriptor, header, block_header, block, checksum, skip_size, skip };
  void enter(State, u64 bytes);
  void advance();

  State state_ = State::magic;
  u64 need_ = 4;   // bytes of this field
  u64 have_ = 0;   // of them seen
  u64 field_ = 0;  // the first eight of them, little endian
  bool checksum_ = false;
  bool last_ = false;
};

}  // namespace kilburn::os
