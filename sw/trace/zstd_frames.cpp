// SPDX-License-Identifier: Apache-2.0
//
// The frame and block headers of RFC 8878, 3.1.
#include "sw/trace/zstd_frames.h"

#include <algorithm>

namespace kilburn::os {

void ZstdFrames::feed(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const size_t take = static_cast<size_t>(std::min<u64>(bytes.size(), need_ - have_));
    for (size_t n = 0; n < take && have_ + n < 8; ++n) {
      field_ |= u64{static_cast<unsigned char>(bytes[n])} << (8 * (have_ + n));
    }
    have_ += take;
    bytes = bytes.subspan(take);
    if (have_ == need_) advance();
  }
}

void ZstdFrames::enter(State state, u64 bytes) {
  state_ = state;
  need_ = bytes;
  have_ = field_ = 0;
  if (bytes == 0) advance();
}

void ZstdFrames::advance() {
  const u64 field = field_;
  switch (state_) {
    case State::magic:
      if ((field & 0xfffffff0) == 0x184d2a50) return enter(State::skip_size, 4);  // skippable frame, 3.1.2
      return enter(State::descriptor, 1);
    case State::descriptor: {  // 3.1.1.1.1
      const bool single = (field & 0x20) != 0;
      checksum_ = (field & 4) != 0;
      constexpr u64 kDictionary[] = {0, 1, 2, 4};
      const u64 kContent[] = {single ? 1u : 0u, 2, 4, 8};
      return enter(State::header, (single ? 0 : 1) + kDictionary[field & 3] + kContent[field >> 6]);
    }
    case State::header:
      return enter(State::block_header, 3);
    case State::block_header:  // 3.1.1.2: last, type, size; a run-length block holds one byte
      last_ = (field & 1) != 0;
      return enter(State::block, ((field >> 1) & 3) == 1 ? 1 : field >> 3);
    case State::block:
      if (!last_) return enter(State::block_header, 3);
      return enter(State::checksum, checksum_ ? 4 : 0);
    case State::skip_size:
      return enter(State::skip, field);
    case State::checksum:
    case State::skip:
      return enter(State::magic, 4);
  }
}

}  // namespace kilburn::os
