// SPDX-License-Identifier: Apache-2.0
//
// The kernel's own memory: logical addresses (kmalloc: contiguous frames, pinned, reached by the direct
// map) and virtual ones (vmalloc: single frames from anywhere, reached by the kernel's table). Both are
// global and for kernel mode only. A process root gets the top entries that lead there at the first
// kernel access that needs them (L24 vmalloc_fault).
#pragma once

#include <map>
#include <vector>

#include "sw/mm/address_space.h"
#include "sw/mm/frame_allocator.h"

namespace kilburn::os {

// Where kernel memory gets its frames: after reclaim if need be, kNoFrame if that does not help.
class BlockSource : public FrameReleaser {
 public:
  virtual Pfn alloc_block(const FrameRequest&) = 0;
  virtual void release_block(Pfn, unsigned order) = 0;

 protected:
  ~BlockSource() = default;
};

class KernelMemory {
 public:
  // `root` is the frame of the kernel's own root, which has an empty user half.
  KernelMemory(const PageTable::Parts&, MemMap&, FrameAllocator&, BlockSource&, Cpus&, Pfn root);

  // Whole blocks of frames, at most 2^Buddy::kMaxOrder: rounded up to a power of two. 0: no memory.
  // ZoneKind::dma for buffers that a device must reach (P18).
  u64 kmalloc(u64 bytes, ZoneKind highest = ZoneKind::normal);
  void kfree(u64 va);  // Violation P17 for an address that kmalloc did not give
  // Whole pages, then a page that is left unmapped. 0: no memory.
  u64 vmalloc(u64 bytes);
  void vfree(u64 va);

  // One access in kernel mode with the port's context that of `space`, which does not cross a page. Faults on
  // what the kernel has mapped are handled; any other is returned.
  AccessResult access(MmuPort&, AddressSpace& space, u64 va, arch::Op, std::span<std::byte>);
  // Copies the top entry for `va` into the root of `space`; false if there was nothing to copy.
  bool fault(AddressSpace& space, u64 va);

  u64 logical(Pfn pfn) const { return parts_.format.direct_base() + (u64{pfn} << shift()); }
  bool used() const { return built_; }
  // Frames that are not free at the end of a run: blocks, areas, and the tables that lead to them.
  u32 frames_held() const;
  template <class Fn>
  void for_each_table(Fn&& fn) const {
    table_.for_each_kernel_table(fn);
  }
  struct Statistics {
    u64 kmallocs = 0, vmallocs = 0, faults = 0, accesses = 0;
  };
  const Statistics& statistics() const { return statistics_; }

  // P10: every block and area lies where it was put, pinned, and the architecture's walk in kernel mode finds
  // it there, while user mode finds nothing; P18: DMA blocks lie in the DMA zone. Throws Violation.
  void check() const;

 private:
  struct Block {
    Pfn pfn;
    unsigned order;
    ZoneKind highest;
  };
  using Area = std::vector<Pfn>;
  unsigned shift() const { return parts_.format.info().page_shift; }
  void build();
  void pin(Pfn pfn, u32 frames);
  void check_page(u64 va, Pfn pfn) const;

  PageTable::Parts parts_;
  MemMap& map_;
  FrameAllocator& allocator_;
  BlockSource& source_;
  Cpus& cpus_;
  SpaceTag tag_;  // of no process
  PageTable table_;
  bool built_ = false;
  std::map<u64, Block> blocks_;  // by logical address
  std::map<u64, Area> areas_;    // by first address
  Statistics statistics_;
};

}  // namespace kilburn::os
