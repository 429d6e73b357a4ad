// SPDX-License-Identifier: Apache-2.0
//
// The ten operations of an area (L20 vm_operations_struct), by kind of area. Defaults are those of
// anonymous memory; the fault handler, system calls and reclaim call nothing else that differs by kind.
// What is done with page-table entries is not theirs: they say which frame, Memory does the rest.
#pragma once

#include "sw/mm/page_object.h"
#include "sw/mm/vma.h"

namespace kilburn::os {

class Memory;
struct Frame;

struct Fetched {
  Pfn pfn = kNoFrame;
  int error = 0;  // errno: SIGBUS
};

// madvise(2), as far as the kernel has it; the last two say that the pages may go.
enum class Advice : u8 { normal, random, sequential, will_need, dont_need, free };

class VmOps {
 public:
  static const VmOps& of(const Backing&);
  virtual ~VmOps() = default;

  // open, close: of the object (page_object.h), called by the ObjectRef that an area holds.
  // unmap: 0, or EINVAL if the area cannot end or be split at `at`.
  virtual int unmap(u64 /*at*/, u64 /*page_size*/) const { return 0; }
  // protect: 0, or EACCES if the area can never have these rights.
  virtual int protect(Rights) const { return 0; }
  // sync: writes the pages [first, end) of the object that are newer than its device; 0 or errno.
  virtual int sync(Memory&, PageObject&, u64 /*first*/, u64 /*end*/) const { return 0; }
  virtual void advise(Memory&, PageObject&, u64 /*first*/, u64 /*end*/, Advice) const {}
  // nopage: the frame of page `index` of the object; none for areas that have frames of their own.
  virtual Fetched nopage(Memory&, PageObject*, u64 /*index*/) const { return {}; }
  // wppage: a store to a page that is present and write-protected; true: the page is copied first.
  virtual bool wppage() const { return true; }
  // swapout: 0 when the frame's bytes are safe elsewhere; errno, and the page stays.
  virtual int swapout(Memory&, Frame&, bool dirty) const;
  // swapin: the bytes of a swap slot into a frame; 0 or errno.
  virtual int swapin(Memory&, u32 slot, Pfn) const;

  // Whether frames are the object's, seen by all areas that map it.
  virtual bool shared() const { return false; }
};

}  // namespace kilburn::os
