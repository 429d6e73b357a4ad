// SPDX-License-Identifier: Apache-2.0
//
// Lookup, fill and invalidation of the software-filled TLBs.
#include "sw/hw/soft_tlb_port.h"

#include <algorithm>
#include <cstring>

namespace kilburn::os {

AccessResult SoftTlbPort::access(const Access& a) {
  ++cycles_;
  const arch::Request request{a.va, a.op, a.mode, false};
  const auto refuse = [&](const arch::FaultReport& fault) {
    return FaultInfo{fault.code, a.va, fault.error, fault.level};
  };
  u64 pa = 0;
  const arch::Direct direct = arch::before_tlb(format_, settings_, request, context_);
  switch (direct.kind) {
    case arch::Direct::Kind::fault:
      return refuse(direct.fault);
    case arch::Direct::Kind::translated:
      pa = direct.pa;
      break;
    case arch::Direct::Kind::none: {
      const std::vector<Entry>& entries = tlbs_[a.op == arch::Op::fetch ? 1 : 0].entries;
      const auto hit =
          std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return matches(e, a.va, context_.asid); });
      const bool found = hit != entries.end();
      ++(found ? hits_ : misses_);
      const std::optional<u16> rights = found ? std::optional<u16>(hit->t.rights) : std::nullopt;
      const arch::FaultReport fault = arch::refill_lookup(format_, settings_, rights, request, context_);
      if (fault.code != arch::Fault::none) return refuse(fault);
      pa = arch::address_in(hit->t, a.va);
      break;
    }
  }
  if (!memory_.contains(pa, a.data.size())) return FaultInfo{arch::Fault::bus, a.va, 0, 0};
  if (a.op == arch::Op::write) {
    memory_.write(pa, a.data);
  } else {
    memory_.read(pa, a.data);
  }
  return Done{pa};
}

bool SoftTlbPort::tlb_fill(u64 va, u16 asid, u64 word, bool fetch) {
  ++fills_;
  Tlb& tlb = tlbs_[fetch ? 1 : 0];
  const Entry entry{va, asid, arch::leaf_translation(format_, settings_, word)};
  if (tlb.entries.size() < entries_) {
    tlb.entries.push_back(entry);
  } else {
    tlb.entries[tlb.victim] = entry;
    tlb.victim = (tlb.victim + 1) % entries_;
  }
  return true;
}

void SoftTlbPort::invalidate(Invalidate op, u64 va, u16 asid) {
  for (Tlb& tlb : tlbs_) {
    std::erase_if(tlb.entries, [&](const Entry& e) {
      const bool own = !e.t.global && e.asid == asid;
      const bool in_page = ((e.va ^ va) >> e.t.page_log2) == 0;
      switch (op) {
        case Invalidate::all:
          return true;
        case Invalidate::nonglobal:
          return !e.t.global;
        case Invalidate::asid:
          return own;
        case Invalidate::page:
          return in_page && (own || e.t.global);
        case Invalidate::page_nonglobal:
          return in_page && own;
      }
      return false;
    });
    tlb.victim = tlb.entries.empty() ? 0 : tlb.victim % tlb.entries.size();
  }
}

}  // namespace kilburn::os
