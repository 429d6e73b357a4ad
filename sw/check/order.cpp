// SPDX-License-Identifier: Apache-2.0
//
// The order checker: a set of entries that TLBs may still hold.
#include "sw/check/order.h"

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
  if (e.old_word != 0) pending_.push_back({0, 0, false, false, true, e.va, e.span, format_.leaf_frame(e.old_word)});
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
  if (e.asid == 0 || old.kind != EntryKind::leaf) return;
  const bool gone = now.kind != EntryKind::leaf || now.pfn != old.pfn;
  const bool poorer = (old.rights & ~now.rights) != 0 || (old.dirty && !now.dirty);
  if (gone || poorer) pending_.push_back({e.asid, e.space, false, false, false, e.va, e.span, old.pfn});
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
        if (e.asid != 0) pending_.push_back({e.asid, e.space, false, false, false, e.va, e.span, kNoFrame});
      } else if (e.asid != 0 && e.old_word != 0) {
        pending_.push_back({e.asid, e.space, true, false, false, e.va, e.span, format_.next_table(e.old_word)});
      }
      break;
    case MmEvent::Kind::invalidate:
      for (Pending& p : pending_) {
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
            // A cached table entry may sit under any address of its span: one page does not cover it.
            p.issued = p.issued || (!p.table && (p.global || p.asid == e.asid) && e.va - p.va < p.span);
            break;
          case Invalidate::page_nonglobal:
            p.issued = p.issued || (!p.table && !p.global && p.asid == e.asid && e.va - p.va < p.span);
            break;
        }
      }
      break;
    case MmEvent::Kind::acknowledge:
      std::erase_if(pending_, [](const Pending& p) { return p.issued; });
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
  }
}

void OrderChecker::check_settled() const {
  if (pending_.empty()) return;
  const Pending& p = pending_.front();
  fail("P28", "a program runs on while the entry for " + hex(p.va) + " of process " + std::to_string(p.space) +
                  " is changed, not invalidated");
}

}  // namespace kilburn::os
