// SPDX-License-Identifier: Apache-2.0
//
// The vocabulary of a translation: who asks, in which context, and what came of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kilburn::arch {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

// Codes equal those of layout.def (a static_assert in layout.h holds them together).
enum class Format : u8 { x86_64 = 0, alpha = 1, alpha_x64 = 2 };
enum class Op : u8 { read = 0, write = 1, fetch = 2 };
enum class Mode : u8 { kernel = 0, executive = 1, supervisor = 2, user = 3 };
enum class Chip : u8 { ev4 = 0, ev5 = 1, ev6 = 2 };  // 21064, 21164, 21264
enum class Fault : u8 {
  none = 0,
  page = 1,     // x86-64 #PF
  general = 2,  // x86-64 #GP or #SS
  bus = 3,      // a page-table word could not be read or updated
  miss = 4,     // Alpha TLB miss that software must fill; never the outcome of a walk
  tnv = 8,
  acv = 9,
  on_read = 10,
  on_execute = 11,
  on_write = 12,
};

// "x86-64", "alpha", "alpha-x64"; nullopt for any other name.
std::string_view name(Format);
std::optional<Format> format_from_name(std::string_view);
std::string_view name(Fault);  // "none", "#PF", "#GP", "bus error", "TNV", ...
std::string_view name(Op);     // "read", "write", "fetch"
std::string_view name(Mode);

// What the processor presents beside a request; latched with it (trap T104).
struct Context {
  u64 root = 0;      // physical address of the top page table, bits 51:page_shift
  u16 asid = 0;      // x86-64 PCID or Alpha ASN, 12 bits
  u32 controls = 0;  // layout.def Controls
  u32 pkru = 0;      // x86-64 rights of the 16 keys of user pages: key k has AD in bit 2k, WD in 2k + 1 (SDM 4.6.2)
  u32 pkrs = 0;      // the same of supervisor pages

  bool operator==(const Context&) const = default;
};

// One access that does not cross a page (crossing.h splits those that do).
struct Request {
  u64 va = 0;  // bytes
  Op op = Op::read;
  Mode mode = Mode::kernel;
  bool ac = false;        // EFLAGS.AC (SDM 4.6.1); data accesses only
  bool implicit = false;  // x86-64 access to a system structure: supervisor whatever the mode, not excused by AC
};

// A translation as a TLB holds it: one page or granularity-hint block.
struct Translation {
  u64 pa = 0;           // physical address of the first byte of the page or block
  u8 page_log2 = 0;     // log2 of its size in bytes
  bool global = false;  // x86-64 G, Alpha ASM
  u8 memory_type = 0;   // x86-64 {PAT, PCD, PWT}, 3 bits; 0 in the Alpha formats
  u16 rights = 0;       // x86-64: layout.def X86Rights; Alpha: the entry's low 16 bits
};

// One write that the walk owes: a single 64-bit compare-and-swap (SDM 4.8, trap T43).
struct EntryWrite {
  u64 pa = 0;
  u64 expect = 0;
  u64 desired = 0;
};

}  // namespace kilburn::arch
