// SPDX-License-Identifier: Apache-2.0
//
// Software-refilled TLBs: what hardware answers from its entries, and PALcode's miss handlers as pure functions. The
// handler and the TLB together answer as walk() does.
#pragma once

#include <boost/container/static_vector.hpp>
#include <optional>

#include "model/arch/system.h"
#include "model/arch/walk.h"

namespace kilburn::arch {

// What a software-refilled TLB answers to a request that before_tlb() leaves open. `rights` are those of the one
// entry that matches; nullopt if none does, or several do.
inline FaultReport refill_lookup(Format format, const Settings& settings, std::optional<u16> rights,
                                 const Request& request, const Context& context) {
  if (!rights) return {Fault::miss, 0, 0, Rule::alpha_refill_miss};
  return check_rights(format, settings, *rights, request, context);
}

// One entry for the TLB: the operands of FILL_I and FILL_D.
struct Fill {
  u8 code = layout::Inv::FILL_D;
  u64 va = 0;
  u16 asid = 0;
  u64 pte = 0;
};

struct Refill {
  FaultReport fault;                             // code none: fill and try again
  bool in_palcode = false;                       // the fault is of PALcode's own access: the system stops (bugcheck)
  boost::container::static_vector<Fill, 2> due;  // in order; kept on a later fault
  boost::container::static_vector<Step, 6> steps;
};

// Virtual address of the entry that maps `va` in the virtual page table at `vptb` (EV5 VA_FORM, IVA_FORM).
constexpr u64 va_form(const FormatInfo& format, u64 vptb, u64 va) {
  const u64 pages = (va & (~u64{0} >> (64 - format.va_bits))) >> format.page_shift;
  return vptb | 8 * pages;
}

namespace refill_detail {

// Reads the entries of the levels `top` to `last` by physical address and judges all of them but a leaf. Returns the
// entry at `last`, or nullopt with the fault in `out`.
template <class ReadWord>
std::optional<u64> read_levels(Refill& out, Format format, const Settings& settings, const Context& context,
                               const Request& request, unsigned last, ReadWord& read_word) {
  const FormatInfo f = info(format, settings, context.controls);
  u64 table = context.root & ((u64{1} << 52) - 1) & (~u64{0} << f.page_shift);
  for (unsigned level = f.levels;; --level) {
    const u64 pa = entry_address(f, table, request.va, level);
    const std::optional<u64> entry = read_word(pa);
    if (!entry) {
      out.fault = {Fault::bus, 0, static_cast<u8>(level), Rule::walk_bus};
      return std::nullopt;
    }
    out.steps.push_back({pa, *entry, static_cast<u8>(level)});
    if (level == 1) return entry;
    const Judgement judged = judge_entry(format, settings, level, *entry, {}, request, context);
    if (judged.kind == Judgement::Kind::fault) {
      out.fault = judged.fault;
      return std::nullopt;
    }
    if (level == last) return entry;
    table = judged.next;
  }
}

// The last level's entry as the single-miss handlers take it: V = 0 is a fault, and so is FOE on an instruction miss,
// because the instruction TLB cannot hold it (EV4 4.7.1.1). All else is filled and left to the TLB to refuse.
inline void take_leaf(Refill& out, Format format, const Settings& settings, const Context& context,
                      const Request& request, u64 entry) {
  namespace pte = layout::AlphaPte;
  const bool fetch = request.op == Op::fetch;
  if (!pte::V.test(entry) || (fetch && pte::FOE.test(entry))) {
    out.fault = judge_entry(format, settings, 1, entry, {}, request, context).fault;
    return;
  }
  out.due.push_back({fetch ? layout::Inv::FILL_I : layout::Inv::FILL_D, request.va, context.asid, entry});
}

}  // namespace refill_detail

// The miss handler that reads every level by physical address.
template <class ReadWord>
Refill refill(Format format, const Settings& settings, const Context& context, const Request& request,
              ReadWord&& read_word) {
  Refill out;
  const auto entry = refill_detail::read_levels(out, format, settings, context, request, 1, read_word);
  if (entry) refill_detail::take_leaf(out, format, settings, context, request, *entry);
  return out;
}

// The handlers of the 21164 (ITBMISS, DTBMISS_SINGLE, DTBMISS_DOUBLE). The entry is read at va_form(), as kernel
// through the data TLB: `lookup(va)` gives the translation that matches there, or nullopt. If none does, the double
// miss reads the upper levels by physical address and fills the data TLB with the last of them as the page that
// holds the entry, whose KRE and FOR then count as those of any page: a refusal stops the system.
template <class ReadWord, class Lookup>
Refill refill_virtual(Format format, const Settings& settings, const Context& context, const Request& request, u64 vptb,
                      Lookup&& lookup, ReadWord&& read_word) {
  const FormatInfo f = info(format, settings, context.controls);
  const Request read_entry{.va = va_form(f, vptb, request.va), .op = Op::read, .mode = Mode::kernel};
  Refill out;
  std::optional<Translation> page = lookup(read_entry.va);
  if (!page) {
    const auto upper = refill_detail::read_levels(out, format, settings, context, request, 2, read_word);
    if (!upper) return out;
    out.due.push_back({layout::Inv::FILL_D, read_entry.va, context.asid, *upper});
    page = leaf_translation(format, settings, *upper);
  }
  if (const FaultReport denied = check_rights(format, settings, page->rights, read_entry, context);
      denied.code != Fault::none) {
    out.fault = denied;
    out.in_palcode = true;
    return out;
  }
  const u64 pa = address_in(*page, read_entry.va);
  const std::optional<u64> entry = read_word(pa);
  if (!entry) {
    out.fault = {Fault::bus, 0, 1, Rule::walk_bus};
    return out;
  }
  out.steps.push_back({pa, *entry, 1});
  refill_detail::take_leaf(out, format, settings, context, request, *entry);
  return out;
}

}  // namespace kilburn::arch
