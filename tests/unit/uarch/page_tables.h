// SPDX-License-Identifier: Apache-2.0
//
// A sparse page-table memory and a builder of tables in it, for the tests of the twin.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "model/arch/format.h"

namespace kilburn::uarch::test {

using arch::u64;

// Entry bits by the manuals' numbers, not by the code under test (SDM 4.5; EV5 5.2).
namespace x86 {
constexpr u64 kP = 1u << 0, kRw = 1u << 1, kUs = 1u << 2, kPwt = 1u << 3, kPcd = 1u << 4, kA = 1u << 5, kD = 1u << 6;
constexpr u64 kPs = 1u << 7, kPat = 1u << 7, kG = 1u << 8, kPatLarge = 1u << 12, kNx = u64{1} << 63;
constexpr u64 key(u64 number) { return number << 59; }
constexpr u64 kTable = kP | kRw | kUs | kA;
constexpr u64 kUserPage = kP | kRw | kUs | kA | kD;
constexpr u64 kKernelPage = kP | kRw | kA | kD;
}  // namespace x86
namespace alpha {
constexpr u64 kV = 1u << 0, kFor = 1u << 1, kFow = 1u << 2, kFoe = 1u << 3, kAsm = 1u << 4;
constexpr u64 kKre = 1u << 8, kUre = 1u << 9, kKwe = 1u << 12, kUwe = 1u << 13;
// VMS layout: four modes, kernel and executive in the places above.
constexpr u64 kSre = 1u << 10, kVmsUre = 1u << 11, kSwe = 1u << 14, kVmsUwe = 1u << 15;
constexpr u64 kTable = kV | kKre;
constexpr u64 kPage = kV | kKre | kUre | kKwe | kUwe;
constexpr u64 gh(u64 hint) { return hint << 5; }
constexpr u64 pfn(u64 frame) { return frame << 32; }
}  // namespace alpha

// Controls by their numbers in layout.def.
namespace control {
using arch::u32;
constexpr u32 kWp = 1u << 0, kNxe = 1u << 1, kSmep = 1u << 2, kSmap = 1u << 3, kPke = 1u << 4, kPks = 1u << 5;
constexpr u32 kPge = 1u << 6, kLa57 = 1u << 7, kRefill = 1u << 11, kPhys = 1u << 12;
constexpr u32 spe(u32 enables) { return enables << 8; }
}  // namespace control

class PageTables {
 public:
  explicit PageTables(arch::Format format) : levels(arch::info(format).levels), info_(arch::info(format)) {}

  unsigned levels;  // of tables that are set from now on: 5 with the control LA57

  // A new, empty table: its physical address.
  u64 table() { return u64{next_table_++} << info_.page_shift; }

  // Sets the entry of `va` at `level` under `root`; missing tables above are made with `table_bits`.
  void set(u64 root, u64 va, unsigned level, u64 entry, u64 table_bits) {
    words_[address(root, va, level, table_bits)] = entry;
  }
  void set(u64 root, u64 va, unsigned level, u64 entry) { set(root, va, level, entry, default_table_bits()); }

  // Physical address of that entry.
  u64 address(u64 root, u64 va, unsigned level, u64 table_bits) {
    u64 table = root;
    for (unsigned above = levels; above > level; --above) {
      u64& entry = words_[arch::entry_address(info_, table, va, above)];
      if (entry == 0) entry = pointer(this->table(), table_bits);
      table = pointee(entry);
    }
    return arch::entry_address(info_, table, va, level);
  }
  u64 address(u64 root, u64 va, unsigned level) { return address(root, va, level, default_table_bits()); }

  u64 read(u64 pa) const {
    const auto word = words_.find(pa);
    return word == words_.end() ? 0 : word->second;
  }
  void write(u64 pa, u64 word) { words_[pa] = word; }

  // Words at these addresses answer with a bus error.
  std::set<u64> bad;
  std::optional<u64> read_or_error(u64 pa) const { return bad.count(pa) ? std::nullopt : std::optional<u64>(read(pa)); }

  // An entry that points to the frame or table at `pa`.
  u64 pointer(u64 pa, u64 bits) const {
    return info_.format == arch::Format::x86_64 ? pa | bits : alpha::pfn(pa >> info_.page_shift) | bits;
  }

 private:
  u64 default_table_bits() const { return info_.format == arch::Format::x86_64 ? x86::kTable : alpha::kTable; }
  u64 pointee(u64 entry) const {
    return info_.format == arch::Format::x86_64 ? entry & 0x000ffffffffff000 : entry >> 32 << info_.page_shift;
  }

  arch::FormatInfo info_;
  unsigned next_table_ = 0x100;
  std::map<u64, u64> words_;
};

}  // namespace kilburn::uarch::test
