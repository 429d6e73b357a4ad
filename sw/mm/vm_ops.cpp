// SPDX-License-Identifier: Apache-2.0
//
// The kinds of areas.
#include "sw/mm/vm_ops.h"

#include <cerrno>

#include "sw/mm/memory.h"

namespace kilburn::os {

int VmOps::swapout(Memory& memory, Frame& frame, bool dirty) const { return memory.page_to_swap(frame, dirty); }
int VmOps::swapin(Memory& memory, u32 slot, Pfn pfn) const { return memory.page_from_swap(slot, pfn); }

namespace {

// Private: pages come from the file, and are copied before the first store.
class FilePrivate : public VmOps {
 public:
  Fetched nopage(Memory& memory, PageObject* file, u64 index) const override {
    return memory.file_page(static_cast<FileObject&>(*file), index);
  }
  void advise(Memory& memory, PageObject& file, u64 first, u64 end, Advice advice) const override {
    memory.advise_file(static_cast<FileObject&>(file), first, end, advice);
  }
  int swapout(Memory& memory, Frame& frame, bool dirty) const override {
    return dirty ? memory.page_to_file(frame) : 0;
  }
};

// Whole pages only: half a page cannot be somebody else's.
class Whole {
 public:
  static int cut(u64 at, u64 page_size) { return (at & (page_size - 1)) == 0 ? 0 : EINVAL; }
};

class FileShared final : public FilePrivate {
 public:
  int unmap(u64 at, u64 page_size) const override { return Whole::cut(at, page_size); }
  int sync(Memory& memory, PageObject& file, u64 first, u64 end) const override {
    return memory.sync_file(static_cast<FileObject&>(file), first, end);
  }
  bool wppage() const override { return false; }
  bool shared() const override { return true; }
};

class Shared final : public VmOps {
 public:
  int unmap(u64 at, u64 page_size) const override { return Whole::cut(at, page_size); }
  Fetched nopage(Memory& memory, PageObject* segment, u64 index) const override {
    return memory.segment_page(static_cast<SharedSegment&>(*segment), index);
  }
  bool wppage() const override { return false; }
  int swapout(Memory& memory, Frame& frame, bool dirty) const override { return memory.page_to_segment(frame, dirty); }
  bool shared() const override { return true; }
};

class Device final : public VmOps {
 public:
  int unmap(u64 at, u64 page_size) const override { return Whole::cut(at, page_size); }
  int protect(Rights rights) const override { return (rights & kExecute) ? EACCES : 0; }
  Fetched nopage(Memory& memory, PageObject*, u64 index) const override { return memory.device_page(index); }
  bool wppage() const override { return false; }
  bool shared() const override { return true; }
};

// Never accessible: what runs into it is SIGSEGV.
class Guard final : public VmOps {
 public:
  int protect(Rights rights) const override { return rights == 0 ? 0 : EACCES; }
};

}  // namespace

const VmOps& VmOps::of(const Backing& backing) {
  static const VmOps anonymous;
  static const FilePrivate file_private;
  static const FileShared file_shared;
  static const Shared shared;
  static const Device device;
  static const Guard guard;
  switch (backing.kind) {
    case AreaKind::file_shared:
      return file_shared;
    case AreaKind::shm:
      return shared;
    case AreaKind::device:
      return device;
    case AreaKind::guard:
      return guard;
    case AreaKind::ordinary:
      break;
  }
  return backing.file == 0 ? anonymous : file_private;
}

}  // namespace kilburn::os
