// SPDX-License-Identifier: Apache-2.0
//
// One swap area: slots of one page each, counted, with a checksum that covers slot and generation too,
// so that a lost or misdirected write is found like a flipped bit (P55). The image on the device is
// described in sw/README.md; a machine may stop at any write of it (P56).
#pragma once

#include <span>
#include <vector>

#include "sw/core/bugs.h"
#include "sw/core/errors.h"
#include "sw/mm/buffer_cache.h"

namespace kilburn::os {

class SwapArea {
 public:
  struct Slot {
    u32 users = 0;          // swap words, and pages of shared memory, that name it
    Pfn cached = kNoFrame;  // swap cache: the frame with the same bytes
    u32 generation = 0;     // writes so far
    u32 checksum = 0;
    bool bad = false;  // a write or read failed: never used again
  };
  enum class ReadError : u8 { none, io, checksum };

  // The image: two copies of the header in slot 0, the later valid one counts; the slots; the table of
  // checksums in blocks of 512 bytes. All numbers little endian.
  struct Header {
    static constexpr u64 kMagic = 0x50415753'424c494b;  // "KILBSWAP"
    static constexpr u32 kVersion = 1, kInUse = 0, kClean = 1;
    static constexpr u32 kBadAtMost = 480;
    u64 magic = kMagic;
    u32 version = kVersion;
    u32 page_shift = 0;
    u32 slots = 0;
    u32 sequence = 0;  // counts up with every write of a header
    u32 state = kInUse;
    u32 bad_count = 0;
    std::array<u64, 2> uuid{};
    std::array<u32, kBadAtMost> bad{};
    u32 filler = 0;
    u32 crc = 0;  // CRC-32C of all before
  };
  struct Record {
    u32 checksum = 0, generation = 0, users = 0, holds = 0;  // holds: 1 if the slot's bytes must match
  };
  struct Table {
    static constexpr u32 kRecords = 31;
    std::array<Record, kRecords> records{};
    u32 first_slot = 0, sequence = 0, filler = 0;
    u32 crc = 0;
  };
  static_assert(sizeof(Header) <= 2048 && sizeof(Table) == BufferCache::kBlock);

  // Writes the first header; last_error() says if that failed, and then the area has no free slot.
  SwapArea(BufferCache& buffers, u32 device, u32 slots, u64 page_size, u64 identity = 1, Bug bug = Bug::none);

  u32 slots() const { return static_cast<u32>(table_.size() - 1); }
  u32 free_slots() const { return static_cast<u32>(free_.size()); }
  u32 bad_slots() const { return bad_; }
  Slot& operator[](u32 slot) {
    if (slot == 0 || slot >= table_.size()) refuse(slot);
    return table_[slot];
  }
  const Slot& operator[](u32 slot) const { return const_cast<SwapArea&>(*this)[slot]; }

  u32 take();               // a free slot, 0 if there is none
  void release(u32 slot);   // a slot without users and frame becomes free
  void mark_bad(u32 slot);  // it is not given out again

  // 0 or errno. The generation counts up before the write.
  [[nodiscard]] int write(u32 slot, std::span<const std::byte> page);
  // Retries I/O errors; the text of the failure is in last_error().
  [[nodiscard]] ReadError read(u32 slot, std::span<std::byte> page);
  // Checksums, counts and bad slots reach the device, the image becomes clean until the next write.
  [[nodiscard]] int sync();

  // The first bytes of a device hold a header as this class writes them, for pages of any size.
  static bool is_image(std::span<const std::byte> start);
  static constexpr size_t kStart = 4096 + sizeof(Header);  // bytes that is_image() wants, if there are so many

  const std::string& last_error() const { return last_error_; }
  bool write_failed() const { return write_failed_; }  // a write failed and none succeeded since

 private:
  [[noreturn]] static void refuse(u32 slot);
  u32 checksum(u32 slot, u32 generation, std::span<const std::byte> page) const;
  u64 block(u32 slot) const { return u64{slot} * page_size_ / BufferCache::kBlock; }  // slot 0 is the header
  int write_header(u32 state);
  int failed(const std::string& what, int error);

  BufferCache& buffers_;
  u32 device_;
  u64 page_size_;
  Bug bug_;
  std::vector<Slot> table_;
  std::vector<u32> free_;
  std::vector<bool> changed_;  // by block of the table, since the last sync
  u32 bad_ = 0;
  Header header_;
  bool write_failed_ = false;
  std::string last_error_;
};

}  // namespace kilburn::os
