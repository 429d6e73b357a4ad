// SPDX-License-Identifier: Apache-2.0
//
// Every mapping that x86-64 page tables in a memory dump hold.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/arch/judgement.h"
#include "tb/stimulus/elf_dump.h"

namespace kilburn::tb {

// 16 bytes, because a guest has millions of them.
class Mapping {
 public:
  Mapping(arch::u64 va, arch::u64 pa, unsigned page_log2, bool w, bool u, bool x, bool global)
      : va_(va), packed_(pa | (page_log2 - 12) / 9 << kSize | w * kW | u * kU | x * kX | global * kG) {}

  arch::u64 va() const { return va_; }
  arch::u64 pa() const { return packed_ & ~arch::u64{0xfff}; }
  unsigned page_log2() const { return static_cast<unsigned>(12 + 9 * (packed_ >> kSize & 3)); }
  arch::u64 bytes() const { return arch::u64{1} << page_log2(); }
  bool writable() const { return (packed_ & kW) != 0; }
  bool user() const { return (packed_ & kU) != 0; }
  bool executable() const { return (packed_ & kX) != 0; }
  bool global() const { return (packed_ & kG) != 0; }

  const char* size() const;  // "4K", "2M", "1G"
  // The rights of every level taken together: r; w or -; x or -; u or s (user or supervisor page); g or - (global).
  std::string rights() const;
  // 0 to 47: one number for each size and rights.
  unsigned kind() const { return static_cast<unsigned>((packed_ >> kSize & 3) * 16 + (packed_ & 15)); }
  static constexpr unsigned kKinds = 48;

 private:
  static constexpr arch::u64 kW = 1, kX = 2, kU = 4, kG = 8;
  static constexpr unsigned kSize = 4;
  arch::u64 va_;
  arch::u64 packed_;
};

// "va pa size rights", as --list-mappings prints it.
std::string text(const Mapping&);

// Where the tables of a dump are, and under which controls they are read.
struct DumpTables {
  arch::Settings settings;
  arch::Context context;
};

struct DumpTablesChoice {
  std::optional<arch::u64> root;     // --root: then the CPU notes are not needed
  std::optional<unsigned> levels;    // --levels, 4 or 5; with `root` 4 if not given
  std::optional<unsigned> cpu;       // --cpu: whose note; else the first CPU that has paging on
  std::optional<unsigned> pa_width;  // MAXPHYADDR; else 52, since the dump does not say
};

// From the CPU note, or as chosen. What a dump does not hold is taken as 64-bit systems have it: EFER.NXE on, PKRU and
// PKRS 0. Throws DumpError: no notes, no such CPU, paging off, no PAE, a root outside the dump.
DumpTables tables_of(const ElfDump&, const DumpTablesChoice&);

struct MappingCounts {
  arch::u64 by_kind[Mapping::kKinds] = {};
  arch::u64 mappings = 0;
  arch::u64 bytes = 0;      // mapped, in virtual addresses
  arch::u64 tables = 0;     // table pages met; one that is met on several ways counts each time
  arch::u64 malformed = 0;  // present entries with a reserved bit set
  arch::u64 outside = 0;    // entries whose table is not in the dump
  // The first few malformed entries and tables outside, one line each.
  std::vector<std::string> examples;
};

// Calls `found` for every mapping in the order of the addresses. Throws DumpError if there are more than `most`, or
// more tables than could hold them.
MappingCounts enumerate_mappings(const ElfDump&, const DumpTables&, arch::u64 most,
                                 const std::function<void(const Mapping&)>& found);

inline constexpr arch::u64 kMostMappings = arch::u64{64} << 20;

// A table of sizes and rights with the number of mappings, one line each, for people.
std::vector<std::string> summary(const MappingCounts&);

}  // namespace kilburn::tb
