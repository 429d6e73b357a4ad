// SPDX-License-Identifier: Apache-2.0
//
// The order checker: a set of entries that TLBs may still hold.
#include "sw/check/order.h"

#include <algorithm>

#include "sw/core/errors.h"

namespace kilburn::os {

void OrderChecker::fail(const char* id, const std::string& text) const {
  throw Violation(id, text + "\nlast events:\n" + log_.text());
}

// An entry of the kernel's table: a global leaf, or nothing.
void OrderChecker::kernel_entry(const MmEvent& e) {
  if (e.new_word != 0 && (format_.leaf_frame(e.new_word) >= frames_ ||
                          e.new_word != format_.kernel_leaf(format_.leaf_frame(e.new_word), 1))) {
    fail("P33", "kernel entry " + hex(e.new_word) + " at " + hex(e.va) + " is no page of memory");
  }
  for (unsigned cpu = 0; cpu < cpus_ && e.old_word != 0; ++cpu) {  // global: any of them may hold it
    const Pfn pfn = format_.leaf_frame(e.old_word);
    pending_.push_back({static_cast<u8>(cpu), 0, 0, false, false, true, e.va, e.span, pfn});
  }
}

void OrderChecker::entry(const MmEvent& e) {
  if (e.space == 0) return kernel_entry(e);
  const PteView old = format_.view(e.old_word), now = format_.view(e.new_word);
  switch (now.kind) {
    case EntryKind::leaf:
      if (format_.leaf(now) != e.new_word || now.pfn >= frames_) {
        fail("P33", "entry " + hex(e.new_word) + " at " + hex(e.va) + " is valid, but no page of memory");
      }
      break;
    case EntryKind::swap:
      if (format_.swap(now.slot) != e.new_word) fail("P33", "malformed swap word " + hex(e.new_word));
      break;
    case EntryKind::poison:
      if (format_.poison() != e.new_word) fail("P33", "malformed word " + hex(e.new_word));
      break;
    case EntryKind::none:
      break;
  }
  if (e.old_word != e.seen && old.dirty && !format_.view(e.seen).dirty) {
    fail("P32", "dirty entry " + hex(e.old_word) + " at " + hex(e.va) + " overwritten, decided from " + hex(e.seen));
  }
  if (old.kind != EntryKind::leaf) return;
  const bool gone = now.kind != EntryKind::leaf || now.pfn != old.pfn;
  if (now.kind == EntryKind::leaf && gone &&
      std::count_if(e.live.begin(), e.live.end(), [](u16 asid) { return asid != 0; }) > 1) {
    fail("P42", "the entry for " + hex(e.va) + " goes from frame " + hex(old.pfn) + " to frame " + hex(now.pfn) +
                    " while several CPUs may hold it");
  }
  const bool poorer = (old.rights & ~now.rights) != 0 || (old.dirty && !now.dirty);
  if (gone || poorer) add(e, false, old.pfn);
}

void OrderChecker::add(const MmEvent& e, bool table, u64 pfn) {
  for (unsigned cpu = 0; cpu < kMaxCpus; ++cpu) {
    if (e.live[cpu] != 0) {
      pending_.push_back({static_cast<u8>(cpu), e.live[cpu], e.space, table, false, false, e.va, e.span, pfn});
    }
  }
}

void OrderChecker::invalidate(const MmEvent& e) {
  const bool nonglobal = e.op == Invalidate::all || e.op == Invalidate::nonglobal;
  if (nonglobal || e.op == Invalidate::asid) flushes_[e.cpu].push_back({nonglobal, e.asid});
  for (Pending& p : pending_) {
    if (p.cpu != e.cpu) continue;
    // A cached table entry may sit under any address of its span: one page does not cover it.
    const bool page = !p.table && e.va - p.va < p.span;
    switch (e.op) {
      case Invalidate::all:
        p.issued = true;
        break;
      case Invalidate::nonglobal:
        p.issued = p.issued || !p.global;
        break;
      case Invalidate::asid:
        p.issued = p.issued || (!p.global && p.asid == e.asid);
        break;
      case Invalidate::page:
        p.issued = p.issued || (page && (p.global || p.asid == e.asid));
        break;
      case Invalidate::page_nonglobal:
        p.issued = p.issued || (page && !p.global && p.asid == e.asid);
        break;
    }
  }
}

void OrderChecker::acknowledge(unsigned cpu) {
  std::erase_if(pending_, [cpu](const Pending& p) { return p.issued && p.cpu == cpu; });
  std::vector<u32>& owners = owners_[cpu];
  for (const Flush& flush : flushes_[cpu]) {
    if (flush.all) {
      owners.clear();
    } else if (flush.asid < owners.size()) {
      owners[flush.asid] = 0;
    }
  }
  flushes_[cpu].clear();
}

void OrderChecker::context(const MmEvent& e) {
  std::vector<u32>& owners = owners_[e.cpu];
  if (owners.size() <= e.asid) owners.resize(size_t{e.asid} + 1);
  u32& owner = owners[e.asid];
  if (owner != 0 && owner != e.space) {
    fail("P34", "CPU " + std::to_string(e.cpu) + " gives ASID " + std::to_string(e.asid) + " of process " +
                    std::to_string(owner) + " to process " + std::to_string(e.space) + " without a flush");
  }
  owner = e.space;
}

void OrderChecker::event(const MmEvent& e) {
  ++checked_;
  switch (e.kind) {
    case MmEvent::Kind::entry:
      entry(e);
      break;
    case MmEvent::Kind::table:
      if (e.old_word != 0 && format_.large(e.old_word, 2)) {
        // A large page gave way to a table of small ones, with the same translations; they change one by one.
        add(e, false, kNoFrame);
      } else if (e.old_word != 0) {
        add(e, true, format_.next_table(e.old_word));
      }
      break;
    case MmEvent::Kind::invalidate:
      invalidate(e);
      break;
    case MmEvent::Kind::acknowledge:
      acknowledge(e.cpu);
      break;
    case MmEvent::Kind::context:
      context(e);
      break;
    case MmEvent::Kind::free:
      for (const Pending& p : pending_) {
        if (p.pfn == e.pfn) {
          fail("P29", "frame " + hex(e.pfn) + " freed before the invalidation of " + hex(p.va) + " of process " +
                          std::to_string(p.space) + " was acknowledged");
        }
      }
      break;
    case MmEvent::Kind::access:
      check_settled();
      break;
    default:
      break;
  }
}

void OrderChecker::check_settled() const {
  if (pending_.empty()) return;
  const Pending& p = pending_.front();
  fail("P28", "a program runs on while the entry for " + hex(p.va) + " of process " + std::to_string(p.space) +
                  " is changed, not invalidated");
}

}  // namespace kilburn::os
