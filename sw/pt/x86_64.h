// SPDX-License-Identifier: Apache-2.0
//
// x86-64 words: the walker sets A and D, rights are R/W, U/S and XD.
#pragma once

#include "sw/pt/format.h"

namespace kilburn::os {

class X86Format final : public PteFormat {
 public:
  X86Format() : PteFormat(arch::info(arch::Format::x86_64)) {}
  u32 controls() const override;
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
