// SPDX-License-Identifier: Apache-2.0
//
// The buffer cache: blocks of 512 bytes, found by (device, block), and the only way to any block device.
// Blocks that are kept lie in frames of simulated memory, as many as fit in one; pages on their way to
// or from a device pass through without being kept, but never past a newer block that is.
#pragma once

#include <functional>
#include <list>
#include <unordered_map>

#include "sw/hw/ports.h"
#include "sw/io/block_device.h"

namespace kilburn::os {

// Lends frames to the cache, if any are to spare.
class BufferFrames {
 public:
  virtual Pfn lend_frame() = 0;  // kNoFrame: none; never reclaims
  virtual void return_frame(Pfn) = 0;

 protected:
  ~BufferFrames() = default;
};

class BufferCache {
 public:
  static constexpr u32 kBlock = 512;
  static constexpr int kAttempts = 3;  // of a read or a delayed write before an error counts

  struct Statistics {
    u64 reads = 0, writes = 0;  // blocks, from and to devices
    u64 hits = 0;               // kept blocks that were asked for
    u64 frames_freed = 0;
  };

  explicit BufferCache(u64 page_size) : page_size_(page_size) {}
  // Keeps blocks from now on.
  void use(PhysMem& memory, BufferFrames& frames) {
    memory_ = &memory;
    frames_ = &frames;
  }

  u32 attach(BlockDevice& device);  // number of the device
  void detach(u32 device);          // after sync(); its blocks are forgotten
  std::string name(u32 device) const { return devices_[device]->name(); }

  // Whole blocks; 0 or errno. Reads that fail are repeated.
  [[nodiscard]] int read(u32 device, u64 block, std::span<std::byte> out);
  [[nodiscard]] int write(u32 device, u64 block, std::span<const std::byte> in);
  // One block, kept; the write reaches the device later.
  [[nodiscard]] int read_kept(u32 device, u64 block, std::span<std::byte> out);
  [[nodiscard]] int write_kept(u32 device, u64 block, std::span<const std::byte> in);
  // Writes what is not on the device yet, and syncs it. The first errno, 0 if all went well.
  [[nodiscard]] int sync(u32 device);

  // Frees up to `target` frames, those not asked for of late first; all blocks of a frame go together.
  u32 shrink(u32 target);

  // Forgets every block, written or not; how many were not.
  u32 drop();

  u32 frames() const { return static_cast<u32>(pages_.size()); }
  void for_each_frame(const std::function<void(Pfn)>& fn) const;
  const Statistics& statistics() const { return statistics_; }

 private:
  struct Page {
    Pfn pfn;
    bool referenced = true;
    std::vector<u64> keys;  // of the blocks in it; kEmpty where there is none
  };
  struct Buffer {
    std::list<Page>::iterator page;
    u32 at;  // which block of the page
    bool dirty = false;
  };
  static constexpr u64 kEmpty = ~u64{0};
  static u64 key(u32 device, u64 block) { return u64{device} << 56 | block; }

  Buffer* find(u32 device, u64 block);
  Buffer* keep(u32 device, u64 block);  // a new buffer, nullptr if no frame is to spare
  void forget(u64 key);
  bool clean(Page&);  // writes its dirty blocks; false if one fails
  u64 address(const Buffer& b) const { return u64{b.page->pfn} * page_size_ + u64{b.at} * kBlock; }
  int write_out(u64 key, Buffer&);
  int read_device(u32 device, u64 block, std::span<std::byte> out);

  u64 page_size_;
  PhysMem* memory_ = nullptr;
  BufferFrames* frames_ = nullptr;
  std::vector<BlockDevice*> devices_;
  std::unordered_map<u64, Buffer> buffers_;
  std::list<Page> pages_;
  std::vector<std::byte> block_ = std::vector<std::byte>(kBlock);
  Statistics statistics_;
};

}  // namespace kilburn::os
