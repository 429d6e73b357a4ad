// SPDX-License-Identifier: Apache-2.0
//
// How the kernel writes and reads page-table words: the only place in sw/ that differs by format.
// Pure functions on words. A word that is not present and not 0 is a swap word or a poison word.
#pragma once

#include <span>

#include "model/arch/format.h"
#include "sw/core/types.h"
#include "sw/hw/ports.h"

namespace kilburn::os {

enum class EntryKind : u8 { none, leaf, swap, poison };

struct PteView {
  EntryKind kind = EntryKind::none;
  Pfn pfn = 0;        // leaf
  Rights rights = 0;  // leaf: what the entry allows once young (and dirty, for a write)
  bool young = false;
  bool dirty = false;
  u32 slot = 0;           // swap
  u8 block = 0;           // leaf: log2 of the pages of the granularity-hint block that it belongs to (Alpha)
  bool uncached = false;  // leaf: a device's (x86-64 PCD; the Alpha formats have no such bit)
};

class PteFormat {
 public:
  static const PteFormat& of(arch::Format);
  virtual ~PteFormat() = default;

  const arch::FormatInfo& info() const { return info_; }
  u64 page_size() const { return u64{1} << info_.page_shift; }
  u64 page_down(u64 va) const { return va & ~(page_size() - 1); }
  u64 user_top() const { return u64{1} << (info_.va_bits - 1); }  // first address past user space
  unsigned entries() const { return 1u << info_.index_bits; }
  u64 span(unsigned level) const {  // bytes under one entry of `level`
    return u64{1} << (info_.page_shift + info_.index_bits * (level - 1));
  }

  virtual u32 controls() const = 0;  // live controls that the kernel runs with
  virtual u64 table(Pfn) const = 0;
  virtual u64 leaf(const PteView&) const = 0;
  virtual u64 swap(u32 slot) const = 0;  // slot > 0
  virtual u64 poison() const = 0;
  virtual u64 valid_bit() const = 0;
  virtual u32 max_slot() const = 0;

  // The frame of the next table, or kNoFrame for an absent entry. A present entry that table() would
  // not have written (apart from A) is corrupt (LX pmd_bad): throws Violation P26.
  virtual Pfn next_table(u64 word) const = 0;
  // Down from the table at `root` to the entry of `to_level` for `va`, or to the one above it that names no table.
  struct Descent {
    u64 at;          // address of the entry
    u64 word;        // of an entry above `to_level`; that of `to_level` is not read
    unsigned level;  // of the entry
  };
  virtual Descent descend(PhysMem&, u64 root, u64 va, unsigned to_level) const = 0;

  // --- the kernel's own half of every address space ---
  // Physical memory lies at direct_base(), by leaves (direct_by_table()) or by a superpage of the chip
  // (Alpha KSEG); vmalloc areas begin at vmalloc_base().
  virtual u64 direct_base() const = 0;
  virtual bool direct_by_table() const = 0;
  virtual u64 vmalloc_base() const = 0;
  virtual u32 kernel_controls() const = 0;  // that these need beside controls()
  // A global leaf of the kernel at `level`, young and dirty, not executable. A level above 1 is a large page.
  virtual u64 kernel_leaf(Pfn, unsigned level) const = 0;
  virtual bool large(u64 word, unsigned level) const = 0;  // a large leaf in a table of `level`
  // Blocks that one TLB entry covers, log2 of their pages, largest first: granularity-hint blocks, or one large
  // page. A large page is one entry of level 2: large_leaf() makes it from the first page's word.
  virtual std::span<const u8> blocks() const = 0;
  virtual bool block_is_large_page() const = 0;
  virtual u64 large_leaf(const PteView&) const = 0;
  virtual Pfn leaf_frame(u64 word) const = 0;                                   // of a present leaf, whoever's
  u64 offset_of(u64 va) const { return va & ((u64{1} << info_.va_bits) - 1); }  // without the sign extension

  virtual PteView view(u64 word) const = 0;
  // Whether a user access through this word succeeds with no fault (hardware may still set A and D).
  virtual bool permits(u64 word, arch::Op) const = 0;

  // Word with other properties; present leaves only.
  u64 with_frame(u64 word, Pfn) const;
  u64 with_rights(u64 word, Rights) const;
  u64 with_young(u64 word, bool young) const;
  u64 with_dirty(u64 word, bool dirty) const;

  bool present(u64 word) const { return (word & valid_bit()) != 0; }

 protected:
  explicit PteFormat(const arch::FormatInfo& info) : info_(info) {}

 private:
  arch::FormatInfo info_;
};

}  // namespace kilburn::os
