// SPDX-License-Identifier: Apache-2.0
//
// Random page tables in simulated memory: a pool of table frames a level, shared between address
// spaces, filled with entries that are mostly legal and sometimes wrong in every way a walker meets.
#pragma once

#include <vector>

#include "model/arch/format.h"
#include "model/arch/layout.h"
#include "model/arch/walk.h"
#include "sw/hw/ports.h"
#include "tb/random.h"

namespace kilburn::tb {

class RandomTables {
 public:
  // Builds `spaces` address spaces of each depth. Tables take at most 64 frames from address 0x100000 on.
  RandomTables(os::PhysMem& memory, arch::Format format, unsigned spaces, Random& random);

  // Entries written from now on are mostly legal under these.
  void set_settings(const arch::Settings& settings) { settings_ = settings; }
  // The top table of a space; `la57`: of five levels.
  arch::u64 root(unsigned space, bool la57) const { return levels_[la57 ? 4 : base_.levels - 1][space]; }
  // How many address spaces there are.
  unsigned spaces() const { return static_cast<unsigned>(levels_.back().size()); }
  static bool la57(arch::u64 controls) { return arch::layout::Controls::LA57.test(controls); }
  // A virtual address whose table indices come from a small set, so that tables are shared and pages
  // are met again; sometimes outside the sign-extended range or in a superpage region.
  arch::u64 address(bool la57);
  // An entry for a random last-level place, as software that fills a TLB would read it.
  arch::u64 leaf() { return entry(1); }
  // A fresh random entry for a random place that walks reach; writes it to memory.
  struct Edit {
    arch::u64 pa, value;
  };
  Edit edit();
  // The same for the word at `pa`, which a walker is just reading or updating; any address is allowed.
  Edit edit_at(arch::u64 pa);

  // What the architecture makes of the tables as they are.
  arch::Outcome walk(const arch::Context& context, const arch::Request& request) const;

  static constexpr arch::u64 kMemoryBytes = arch::u64{1} << 24;

 private:
  arch::u64 entry(unsigned level);
  arch::u64 x86_entry(unsigned level);
  arch::u64 alpha_entry(unsigned level);
  arch::u64 small_index();
  arch::u64 superpage_address();
  Edit change(arch::u64 pa, unsigned level);

  os::PhysMem& memory_;
  arch::FormatInfo base_;  // the usual depth
  arch::FormatInfo info_;  // the deepest: five levels in x86-64
  arch::Settings settings_;
  Random& random_;
  std::vector<std::vector<arch::u64>> levels_;  // table frames of level 1, 2, ...
  std::vector<arch::u64> indices_;              // the table indices in use
};

}  // namespace kilburn::tb
