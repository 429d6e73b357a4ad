// SPDX-License-Identifier: Apache-2.0
//
// The swap area: slots of one page each, counted, with a checksum that covers slot and generation too,
// so that a lost or misdirected write is found like a flipped bit (P55).
#pragma once

#include <span>
#include <vector>

#include "sw/core/bugs.h"
#include "sw/core/errors.h"
#include "sw/io/block_device.h"

namespace kilburn::os {

class SwapArea {
 public:
  struct Slot {
    u32 users = 0;          // swap words that name it
    Pfn cached = kNoFrame;  // swap cache: the frame with the same bytes
    u32 generation = 0;     // writes so far
    u32 checksum = 0;
    bool bad = false;  // a write or read failed: never used again
  };
  enum class ReadError : u8 { none, io, checksum };

  SwapArea(BlockDevice& device, u32 slots, u64 page_size);

  u32 slots() const { return static_cast<u32>(table_.size() - 1); }
  u32 free_slots() const { return static_cast<u32>(free_.size()); }
  u32 bad_slots() const { return bad_; }
  Slot& operator[](u32 slot);
  const Slot& operator[](u32 slot) const { return const_cast<SwapArea&>(*this)[slot]; }

  u32 take();                // a free slot, 0 if there is none
  void release(u32 slot);    // a slot without users and frame becomes free
  void mark_bad(u32 slot) {  // it is not given out again
    if (!(*this)[slot].bad) ++bad_;
    (*this)[slot].bad = true;
  }

  // 0 or errno. The generation counts up before the write.
  [[nodiscard]] int write(u32 slot, std::span<const std::byte> page);
  // Retries I/O errors; the text of the failure is in last_error().
  [[nodiscard]] ReadError read(u32 slot, std::span<std::byte> page);
  const std::string& last_error() const { return last_error_; }

 private:
  u32 checksum(u32 slot, u32 generation, std::span<const std::byte> page) const;
  u64 offset(u32 slot) const { return u64{slot} * page_size_; }  // slot 0 would be the header

  BlockDevice& device_;
  u64 page_size_;
  std::vector<Slot> table_;
  std::vector<u32> free_;
  u32 bad_ = 0;
  std::string last_error_;
};

}  // namespace kilburn::os
