// SPDX-License-Identifier: Apache-2.0
//
// Writes small ELF memory dumps as QEMU's dump-guest-memory lays them out, and page tables into them.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstring>
#include <map>
#include <span>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::test {

using arch::u16;
using arch::u32;
using arch::u64;

// A guest's memory and its CPUs; bytes() is the file.
class DumpFile {
 public:
  struct Cpu {
    u64 cr0 = 0x80050033, cr3 = 0x1000, cr4 = 0x20;
  };
  struct Segment {
    u64 pa = 0;
    std::vector<std::byte> bytes;
  };

  std::vector<Cpu> cpus = {Cpu{}};
  std::vector<Segment> segments;
  Elf64_Ehdr header = default_header();
  bool many_headers = false;  // the count of program headers stands in a section header
  u32 note_version = 1;
  u32 note_bytes = 440;  // of a QEMU CPU note; before version 5.0 it had 432

  explicit DumpFile(u64 memory_bytes = 0x100000) { segments.push_back({0, std::vector<std::byte>(memory_bytes)}); }

  void set(u64 pa, u64 value) {
    for (Segment& s : segments) {
      if (pa >= s.pa && pa - s.pa + 8 <= s.bytes.size()) std::memcpy(s.bytes.data() + (pa - s.pa), &value, 8);
    }
  }

  std::vector<std::byte> bytes() const {
    std::vector<std::byte> file;
    const u64 headers = 1 + segments.size();
    const u64 section = sizeof(Elf64_Ehdr) + headers * sizeof(Elf64_Phdr);
    const u64 notes_at = section + (many_headers ? sizeof(Elf64_Shdr) : 0);
    const auto note_segment = notes();
    Elf64_Ehdr elf = header;
    elf.e_phnum = many_headers ? PN_XNUM : static_cast<Elf64_Half>(headers);
    elf.e_shoff = many_headers ? section : 0;
    put(file, elf);
    Elf64_Phdr note{};
    note.p_type = PT_NOTE;
    note.p_offset = notes_at;
    note.p_filesz = note.p_memsz = note_segment.size();
    put(file, note);
    u64 at = notes_at + note_segment.size();
    for (const Segment& s : segments) {
      Elf64_Phdr load{};
      load.p_type = PT_LOAD;
      load.p_offset = at;
      load.p_paddr = s.pa;
      load.p_filesz = load.p_memsz = s.bytes.size();
      put(file, load);
      at += s.bytes.size();
    }
    if (many_headers) {
      Elf64_Shdr count{};
      count.sh_info = static_cast<Elf64_Word>(headers);
      put(file, count);
    }
    file.insert(file.end(), note_segment.begin(), note_segment.end());
    for (const Segment& s : segments) file.insert(file.end(), s.bytes.begin(), s.bytes.end());
    return file;
  }

 private:
  static Elf64_Ehdr default_header() {
    Elf64_Ehdr h{};
    std::memcpy(h.e_ident, ELFMAG, SELFMAG);
    h.e_ident[EI_CLASS] = ELFCLASS64;
    h.e_ident[EI_DATA] = ELFDATA2LSB;
    h.e_ident[EI_VERSION] = EV_CURRENT;
    h.e_type = ET_CORE;
    h.e_machine = EM_X86_64;
    h.e_version = EV_CURRENT;
    h.e_phoff = sizeof(Elf64_Ehdr);
    h.e_ehsize = sizeof(Elf64_Ehdr);
    h.e_phentsize = sizeof(Elf64_Phdr);
    return h;
  }

  template <class T>
  static void put(std::vector<std::byte>& file, const T& value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    file.insert(file.end(), bytes, bytes + sizeof value);
  }

  static void put_note(std::vector<std::byte>& out, const char name[5], u32 type, std::span<const std::byte> body) {
    Elf64_Nhdr note{5, static_cast<Elf64_Word>(body.size()), type};
    put(out, note);
    char padded[8] = {};
    std::memcpy(padded, name, 4);
    put(out, padded);
    out.insert(out.end(), body.begin(), body.end());
    out.resize((out.size() + 3) & ~std::size_t{3});
  }

  // All "CORE" notes, then all "QEMU" ones.
  std::vector<std::byte> notes() const {
    std::vector<std::byte> out;
    for (std::size_t n = 0; n < cpus.size(); ++n) put_note(out, "CORE", NT_PRSTATUS, std::vector<std::byte>(336));
    for (const Cpu& cpu : cpus) {
      std::vector<std::byte> state(std::max<std::size_t>(note_bytes, 440));
      const auto word = [&](std::size_t at, u64 value, std::size_t size) { std::memcpy(&state[at], &value, size); };
      word(0, note_version, 4);
      word(4, note_bytes, 4);
      word(160, u64{1} << 21, 4);  // CS flags: L
      word(392, cpu.cr0, 8);
      word(416, cpu.cr3, 8);
      word(424, cpu.cr4, 8);
      state.resize(note_bytes);
      put_note(out, "QEMU", 0, state);
    }
    return out;
  }
};

}  // namespace kilburn::test
