// SPDX-License-Identifier: Apache-2.0
//
// An ELF memory dump of an x86-64 machine, as QEMU's dump-guest-memory writes it: guest-physical memory in the
// PT_LOAD segments, the processors' registers in the notes. The file is mapped, never loaded, and never written.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/arch/types.h"
#include "tb/errors.h"

namespace kilburn::tb {

// "FILE: place: reason".
struct DumpError : UserError {
  using UserError::UserError;
};

// A range of guest-physical memory that the file holds. What a segment has beyond that (p_filesz < p_memsz) is no
// memory: QEMU writes so what its filter leaves out, and the device memory at the end of a virtual mapping.
struct DumpSegment {
  arch::u64 pa = 0;
  arch::u64 size = 0;
  arch::u64 offset = 0;  // in the file
};

// What a QEMU CPU note says that bears on translation.
struct DumpCpu {
  arch::u64 cr0 = 0, cr3 = 0, cr4 = 0;
  arch::u64 rflags = 0;
  arch::u64 rip = 0;
  bool code_64 = false;  // CS.L
  arch::u8 cpl = 0;
};

class ElfDump {
 public:
  // Throws DumpError.
  static ElfDump open(const std::string& path);
  static ElfDump from_memory(std::span<const std::byte> bytes, std::string name);  // bytes outlive the dump

  const std::string& name() const { return name_; }
  const std::vector<DumpSegment>& segments() const { return segments_; }  // by address, disjoint
  const std::vector<DumpCpu>& cpus() const { return cpus_; }
  arch::u64 end() const { return segments_.empty() ? 0 : segments_.back().pa + segments_.back().size; }
  arch::u64 bytes() const;  // of guest memory

  bool contains(arch::u64 pa, arch::u64 length) const;  // all of it in one segment
  // The bytes from `pa` to the end of its segment; empty where the dump has none.
  std::span<const std::byte> from(arch::u64 pa) const;
  // 8-byte aligned; nullopt outside the dump.
  std::optional<arch::u64> load64(arch::u64 pa) const;

 private:
  class File;
  ElfDump(std::span<const std::byte> bytes, std::string name, std::shared_ptr<const File> file);

  [[noreturn]] void fail(const std::string& reason) const;
  void refuse_other_formats() const;
  template <class T>
  T at(arch::u64 offset, const char* what) const;
  void read_header();
  void read_segments();
  void read_notes(arch::u64 offset, arch::u64 size);
  void read_cpu(arch::u64 offset, arch::u64 size);
  void sort_segments();
  const DumpSegment* find(arch::u64 pa) const;

  std::span<const std::byte> bytes_;
  std::string name_;
  std::shared_ptr<const File> file_;
  std::vector<DumpSegment> segments_;
  std::vector<DumpCpu> cpus_;
};

}  // namespace kilburn::tb
