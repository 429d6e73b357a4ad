// SPDX-License-Identifier: Apache-2.0
//
// Alpha words as Linux writes them: the enable bits carry young and dirty, FOR FOW FOE the rights.
#pragma once

#include "sw/pt/format.h"

namespace kilburn::os {

class AlphaFormat final : public PteFormat {
 public:
  // Of any page size: words name frames by number.
  explicit AlphaFormat(const arch::FormatInfo& info) : PteFormat(info) {}
  u32 controls() const override { return 0; }  // no superpage: the kernel itself works on physical addresses
  u64 table(Pfn) const override;
  u64 leaf(const PteView&) const override;
  u64 swap(u32 slot) const override;
  u64 poison() const override;
  u64 valid_bit() const override;
  u32 max_slot() const override;
  Pfn next_table(u64 word) const override;
  Descent descend(PhysMem&, u64 root, u64 va, unsigned to_level) const override;
  PteView view(u64 word) const override;
  bool permits(u64 word, arch::Op) const override;
  u64 direct_base() const override;
  bool direct_by_table() const override;
  u64 vmalloc_base() const override;
  u32 kernel_controls() const override;
  u64 kernel_leaf(Pfn, unsigned level) const override;
  bool large(u64 word, unsigned level) const override;
  std::span<const u8> blocks() const override;
  bool block_is_large_page() const override;
  u64 large_leaf(const PteView&) const override;
  Pfn leaf_frame(u64 word) const override;
};

}  // namespace kilburn::os
