// SPDX-License-Identifier: Apache-2.0
//
// What changes the answers of the Mmu between accesses: context, TLB maintenance, reset.
#include "model/tlm/mmu.h"

namespace kilburn::tlm {
namespace {

constexpr u16 kAsidMask = 0xFFF;

}  // namespace

void Mmu::retag() {
  tag_ = tags_.tag(context_, [this] {
    instruction_.accelerator.clear();
    data_.accelerator.clear();
  });
}

// Retiring the tags is cheaper than visiting every slot.
void Mmu::clear_accelerators() {
  tags_.retire();
  instruction_.accelerator.retired();
  data_.accelerator.retired();
  retag();
}

void Mmu::drop_from(Accelerator& accelerator, u64 va) {
  if (!accelerator.drop(va)) clear_accelerators();
}

void Mmu::set_context(const arch::Context& context) {
  const arch::Context before = context_;
  context_ = context;
  context_.asid &= kAsidMask;
  retag();
  if (context_.controls != before.controls) {
    revoke(grants_.take_all());
    return;
  }
  if (context_.asid != before.asid) revoke(grants_.take_other_spaces());
  if (context_.pkru != before.pkru || context_.pkrs != before.pkrs) {
    revoke(grants_.take_refused([this](const Access& access, u16 rights) {
      const arch::Request request{0, access.op, access.mode, access.ac, access.implicit};
      return !arch::grants(config_.format, config_.settings, rights, request, context_);
    }));
  }
}

void Mmu::invalidate(Invalidate op, u64 va, u16 asid, u64 pte) {
  ++counters_.invalidations;
  // Whatever the operation: a walk that it meets starts again (rtl/README.md, TLB maintenance).
  ++invalidation_epoch_;
  idle_wanted_ |= busy();
  if (op == Invalidate::fill_i) return fill(instruction_, va, asid & kAsidMask, pte);
  if (op == Invalidate::fill_d) return fill(data_, va, asid & kAsidMask, pte);
  if (is_page_operation(op) && !arch::sign_ok(info_, va)) return;
  const Invalidation inv{op, va, static_cast<u16>(asid & kAsidMask)};
  const auto apply = [&](Side& s) {
    s.tlb.invalidate(inv);
    is_page_operation(op) ? drop_from(s.accelerator, va) : clear_accelerators();
  };
  if (op != Invalidate::page_d) apply(instruction_);
  if (op != Invalidate::page_i) apply(data_);
  revoke(grants_.take_covered(inv));
}

// A fill by software. The entry is kept whatever it allows: rights are judged at the access.
void Mmu::fill(Side& s, u64 va, u16 asid, u64 pte) {
  if (info_.hardware_ad || !arch::layout::AlphaPte::V.test(pte) || !arch::sign_ok(info_, va)) return;
  // The 21264 ignores a second entry of a tag that it holds (trap T98).
  const bool keeps = arch::chip_of(config_.format, config_.settings) == arch::Chip::ev6;
  if (keeps && s.tlb.find(va, asid) != nullptr) return;
  const arch::Translation t = arch::leaf_translation(config_.format, config_.settings, pte);
  s.tlb.fill(va, asid, t);
  ++counters_.fills;
  // Every part of the block may have been answered from an entry that is now gone or no longer alone.
  s.accelerator.note_size(t.page_log2);
  drop_from(s.accelerator, va);
  revoke(grants_.take_covered({Invalidate::page, va, asid}));
}

void Mmu::reset(const arch::Settings& settings) {
  config_.settings = settings;
  info_ = arch::widest_info(config_.format, settings);
  in_page_ = (u64{1} << info_.page_shift) - 1;
  ++invalidation_epoch_;
  instruction_.tlb.clear();
  data_.tlb.clear();
  clear_accelerators();
  revoke(grants_.take_all());
  set_context({});
  counters_ = {};
}

void Mmu::revoke(const VirtualGrants::Ranges& ranges) {
  for (const auto& [first, last] : ranges) virtual_side->invalidate_direct_mem_ptr(first, last);
}

}  // namespace kilburn::tlm
