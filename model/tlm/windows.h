// SPDX-License-Identifier: Apache-2.0
//
// Direct-memory windows: those that the physical side granted to the Mmu, and those that the Mmu
// granted to its virtual side.
#pragma once

#include <sysc/kernel/sc_time.h>

#include <tlm>
#include <utility>
#include <vector>

#include "model/tlm/extensions.h"
#include "model/tlm/tlb.h"

namespace kilburn::tlm {

// A physical range that may be read or written through a host pointer.
struct Window {
  u64 first = 0;  // physical addresses, both inclusive
  u64 last = 0;
  unsigned char* host = nullptr;  // of `first`
  bool read = false;
  bool write = false;
  sc_core::sc_time read_time;  // of one access
  sc_core::sc_time write_time;

  bool holds(u64 pa, u64 length) const { return pa >= first && pa <= last && length - 1 <= last - pa; }
  bool grants(bool for_write) const { return for_write ? write : read; }
  unsigned char* at(u64 pa) const { return host + (pa - first); }
};

// What the physical side granted. Usually one window or two, so a list in order of arrival.
class PhysicalWindows {
 public:
  // Null where nothing granted covers all of [pa, pa + length); valid until the next add() or drop().
  const Window* find(u64 pa, u64 length, bool for_write) const {
    for (const Window& w : windows_) {
      if (w.holds(pa, length) && w.grants(for_write)) return &w;
    }
    return nullptr;
  }
  void add(const ::tlm::tlm_dmi&);
  void drop(u64 first, u64 last);

 private:
  std::vector<Window> windows_;
};

// What the Mmu granted: each is one page, or a part of one, of the present context.
class VirtualGrants {
 public:
  struct Grant {
    u64 first = 0;  // virtual addresses, both inclusive
    u64 last = 0;
    u64 pa = 0;  // of `first`
    u16 asid = 0;
    bool translated = true;  // by page tables; false: decided before the TLB, no invalidation covers it
    arch::Translation translation;
    Access access;  // who was granted it
    bool read = false;
    bool write = false;
  };
  using Ranges = std::vector<std::pair<u64, u64>>;  // virtual first and last bytes to take back

  void add(const Grant&);
  // Each removes grants and returns their ranges; the caller tells the virtual side.
  Ranges take_covered(const Invalidation&);
  Ranges take_physical(u64 first, u64 last);
  Ranges take_other_spaces();  // all that depend on the address space: not global
  // Those of which `refused(access, rights)` says that the present context no longer allows them.
  template <class Refused>
  Ranges take_refused(Refused&& refused) {
    return take_if([&](const Grant& g) {
      const auto asks = [&](arch::Op op) {
        Access access = g.access;
        access.op = op;
        return refused(access, g.translation.rights);
      };
      if (!g.translated) return false;
      if (g.access.op == arch::Op::fetch) return asks(arch::Op::fetch);
      return (g.read && asks(arch::Op::read)) || (g.write && asks(arch::Op::write));
    });
  }
  Ranges take_all();

 private:
  template <class Predicate>
  Ranges take_if(Predicate&& predicate) {
    Ranges taken;
    std::erase_if(grants_, [&](const Grant& g) {
      if (!predicate(g)) return false;
      taken.emplace_back(g.first, g.last);
      return true;
    });
    return taken;
  }
  std::vector<Grant> grants_;
};

}  // namespace kilburn::tlm
