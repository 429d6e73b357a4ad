// SPDX-License-Identifier: Apache-2.0
//
// Observations written by hand: a memory, a checker, and what an MMU was asked and answered, cycle by cycle.
#pragma once

#include <string>

#include "sw/hw/ram.h"
#include "tb/admissible/checker.h"
#include "tests/catch.h"

namespace kilburn::admissible::test {

using arch::Fault;
using arch::Mode;
using arch::Op;
namespace inv = arch::layout::Inv;

// SDM tables 4-15 to 4-20; EV5 5-2.
inline constexpr u64 kP = 1, kRW = 2, kUS = 4, kA = 0x20, kD = 0x40, kPS = 0x80, kG = 0x100;
inline constexpr u64 kUsed = kP | kRW | kUS | kA;
inline constexpr u64 kV = 1, kFOR = 2, kFOW = 4, kFOE = 8, kASM = 0x10;
inline constexpr u64 kKernel = kV | 0x100 | 0x1000, kEvery = kKernel | 0x200 | 0x2000;
// rtl/README.md, Ports.
inline constexpr u32 kWP = 1, kNXE = 2, kPGE = 64, kRefill = 0x800;

struct Ask {
  u64 va = 0;
  Op op = Op::read;
  Mode mode = Mode::kernel;
  u16 asid = 1;
  u64 root = 0x1000;
  u32 controls = kWP | kNXE | kPGE;
};

class Scene {
 public:
  os::RamMem memory{u64{1} << 22};
  Checker checker;
  u64 cycle = 100;

  explicit Scene(arch::Format format = arch::Format::x86_64, const Relaxations& relaxations = {})
      : checker({format, {}, relaxations, {}}, memory) {}
  explicit Scene(const CheckerConfig& config) : checker(config, memory) {}

  // Software writes an entry; a cycle passes.
  void store(u64 pa, u64 value) {
    const u64 before = memory.load64(pa);
    memory.store64(pa, value);
    checker.memory_write(at(cycle, Phase::software), pa, before, value);
    ++cycle;
  }
  // A walker sets bits; false: it finds another word than it expects.
  void swap(u64 pa, u64 expect, u64 desired, unsigned mmu = 0) {
    const u64 found = memory.cas64(pa, expect, desired);
    checker.walker_swap(mmu, 0, at(cycle, Phase::walker), pa, expect, desired, found);
    ++cycle;
  }
  void read(u64 pa, unsigned mmu = 0) {
    checker.walker_read(mmu, at(cycle, Phase::walker), pa, memory.load64(pa));
    ++cycle;
  }

  void ask(const Ask& a, unsigned id = 0, unsigned mmu = 0) {
    const Side side = a.op == Op::fetch ? Side::instruction : Side::data;
    checker.request(mmu, side, id, at(cycle, Phase::inputs), {a.va, a.op, a.mode}, {a.root, a.asid, a.controls, 0, 0});
    ++cycle;
  }
  void answer(Response r, Op op = Op::read, unsigned id = 0, unsigned mmu = 0) {
    const Side side = op == Op::fetch ? Side::instruction : Side::data;
    r.decided = at(cycle, Phase::outputs);
    checker.response(mmu, side, id, r, at(cycle, Phase::outputs));
    ++cycle;
  }
  void translate(const Ask& a, const Response& r, unsigned mmu = 0) {
    ask(a, 0, mmu);
    ++cycle;
    answer(r, a.op, 0, mmu);
  }
  void begin(u8 op, u64 va = 0, u16 asid = 1, u64 pte = 0, unsigned mmu = 0) {
    checker.operation_accepted(mmu, at(cycle, Phase::inputs), op, va, asid, pte);
    ++cycle;
  }
  void end(unsigned mmu = 0) {
    checker.operation_completed(mmu, at(cycle, Phase::outputs));
    ++cycle;
  }
  void invalidate(u8 op, u64 va = 0, u16 asid = 1, unsigned mmu = 0) {
    begin(op, va, asid, 0, mmu);
    end(mmu);
  }

  // The rule of the first rejection, empty if there is none.
  std::string rule() const { return checker.rejected() ? checker.rejections().front().rule : ""; }
  u64 legal(Legality l) const { return checker.counts().by_legality[static_cast<unsigned>(l)]; }
};

inline Response page(u64 pa, u8 size = 12, bool global = false) { return {.pa = pa, .size = size, .global = global}; }
// SDM 4.7: P 1, W 2, U 4, RSVD 8.
inline Response fault(u16 error, u8 level) { return {.fault = Fault::page, .error = error, .level = level}; }
inline Response alpha_fault(Fault code, u8 level) { return {.fault = code, .level = level}; }

// Tables for 0x0000 to 0x1fffff: root 0x1000, then 0x2000, 0x3000, and 0x4000 of the last level. `pages` from 0x100000
// in order, of the rights `leaf`.
inline void x86_tables(Scene& s, u64 leaf = kUsed | kD) {
  s.memory.store64(0x1000, 0x2000 | kUsed);
  s.memory.store64(0x2000, 0x3000 | kUsed);
  s.memory.store64(0x3000, 0x4000 | kUsed);
  for (u64 n = 0; n < 16; ++n) s.memory.store64(0x4000 + 8 * n, (0x100000 + 0x1000 * n) | leaf);
}

// The same in three levels of 8 KB tables at 0x2000, 0x4000, 0x6000; pages from 0x100000.
inline void alpha_tables(Scene& s, u64 leaf = kEvery) {
  s.memory.store64(0x2000, u64{2} << 32 | kEvery);
  s.memory.store64(0x4000, u64{3} << 32 | kEvery);
  for (u64 n = 0; n < 16; ++n) s.memory.store64(0x6000 + 8 * n, (0x80 + n) << 32 | leaf);
}
inline Ask alpha_ask(u64 va, Op op = Op::read, u32 controls = 0) {
  return {.va = va, .op = op, .root = 0x2000, .controls = controls};
}

}  // namespace kilburn::admissible::test
