// SPDX-License-Identifier: Apache-2.0
//
// One DUT in lockstep with a memory, driven request by request, for tests whose expectations are written by hand.
#pragma once

#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "model/arch/judgement.h"
#include "tb/lockstep/lockstep.h"
#include "tests/directed/sparse_memory.h"

namespace kilburn::directed {

using arch::Fault;
using arch::Format;
using arch::Mode;
using arch::Op;
using arch::Request;
using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;
using tb::Side;

// An operation of the walker as it stands at the memory port.
struct MemoryOperation {
  bool cas = false;
  u64 pa = 0;
  u64 expect = 0, desired = 0;
};

struct Answer {
  Fault fault = Fault::none;
  u16 err = 0;
  u8 level = 0;
  u64 pa = 0;
  u8 size = 0;
  u8 mt = 0;
  bool global = false;
  u64 cycles = 0;                       // from the cycle of the request to that of the response
  std::vector<MemoryOperation> memory;  // taken by the memory since the request, whoever caused them

  unsigned reads() const;
  unsigned updates() const { return static_cast<unsigned>(memory.size()) - reads(); }
};

struct BenchConfig {
  std::string dut;  // "arch", "tlm", or a library of the build: "mmu", "mmu-tiny", "mmu-bugs", "small"
  Format format = Format::x86_64;
  std::string bug;    // seeded bug of the library; "" for none
  bool exact = true;  // compare every pin with the twin where the DUT claims to be exact
};

class Bench {
 public:
  explicit Bench(const BenchConfig&);

  const BenchConfig& config() const { return config_; }
  Format format() const { return config_.format; }
  bool x86() const { return config_.format == Format::x86_64; }
  // Translations may outlive a change of the tables.
  bool caches() const { return config_.dut != "arch"; }
  // Behaves as rtl/README.md says, so that what is cached when is known.
  bool rtl() const { return config_.dut.starts_with("mmu"); }

  // --- what stands at the pins --------------------------------------------------------------------
  arch::Context context;  // of every later request
  // Empty memory, no tables, DUT in reset with these settings, controls 0, root and ASID as at first.
  void restart(const arch::Settings& = {});
  void set_timing(const tb::MemoryTiming& timing) { lockstep_->set_memory_timing(timing); }

  Answer access(const Request&);
  Answer read(u64 va, Mode mode = Mode::kernel) { return access({.va = va, .op = Op::read, .mode = mode}); }
  Answer write(u64 va, Mode mode = Mode::kernel) { return access({.va = va, .op = Op::write, .mode = mode}); }
  Answer fetch(u64 va, Mode mode = Mode::kernel) { return access({.va = va, .op = Op::fetch, .mode = mode}); }
  // A request that is left under way, and its answer. At most 16 of a side.
  struct Ticket {
    Side side;
    unsigned id;
  };
  Ticket issue(const Request&);
  Answer wait(Ticket);
  bool answered(Ticket) const;

  void invalidate(unsigned op, u64 va = 0, u16 asid = 0);
  void begin_invalidation(unsigned op, u64 va = 0, u16 asid = 0, u64 pte = 0);  // returns when it is taken
  void wait_invalidated();
  bool invalidating() const { return invalidating_; }
  void fill(Side, u64 va, u64 pte);  // Alpha, in the address space of `context`
  void idle(unsigned cycles);
  void hold_responses(bool hold);    // whether the processor leaves responses at the ports
  unsigned tlb_entries(Side) const;  // of the RTL
  const kilburn_dut_config& parameters() const { return dut_->api().config; }
  bool has_l2() const { return rtl() && parameters().l2_sets != 0; }
  std::size_t operations() const { return operations_.size(); }  // of the walkers, taken by the memory so far

  // Called in the cycle in which an operation is offered and taken; may edit memory before it happens. True: the
  // operation is a bus error. Memory timing must have one latency.
  std::function<bool(const MemoryOperation&)> on_memory;

  // --- page tables --------------------------------------------------------------------------------
  unsigned levels() const;
  unsigned page_shift() const { return format() == Format::alpha ? 13 : 12; }
  u64 page() const { return u64{1} << page_shift(); }
  u64 load(u64 pa) { return memory_.load64(pa); }
  void store(u64 pa, u64 value) { memory_.store64(pa, value); }
  // Address of the entry of `va` at `level` in the tables of `context.root`; tables above it that are missing are
  // made, each entry by link().
  u64 slot(u64 va, unsigned level = 1);
  u64 set(u64 va, unsigned level, u64 entry);  // the entry's address
  u64 map(u64 va, u64 pa, u64 flags) { return set(va, 1, entry(pa, flags)); }
  u64 map(u64 va, u64 pa) { return map(va, pa, full()); }
  u64 new_table();
  // x86-64: the address with the flags; Alpha: its frame number in 63:32.
  u64 entry(u64 pa, u64 flags) const { return x86() ? pa | flags : (pa >> page_shift()) << 32 | flags; }
  // Of a leaf: everything allowed to everybody; x86-64: accessed and dirty.
  u64 full() const { return x86() ? 0x67 : 0x3301; }
  u64 full_global() const { return full() | (x86() ? 0x100 : 0x10); }
  // Of an upper entry: x86-64 P, R/W, U/S, A; Alpha V, KRE.
  u64 link() const { return x86() ? 0x27 : 0x101; }

  // --- expectations -------------------------------------------------------------------------------
  using Where = std::source_location;
  void same(const std::string& what, u64 found, u64 expected, Where = Where::current());
  void that(const std::string& what, bool holds, Where where = Where::current()) { same(what, holds, true, where); }
  void ok(const Answer&, u64 pa, Where = Where::current());
  void ok(const Answer&, u64 pa, unsigned size, Where = Where::current());
  void either(const Answer&, u64 pa, u64 other_pa, Where = Where::current());
  void page_fault(const Answer&, u16 err, unsigned level, Where = Where::current());
  void fault(const Answer&, Fault, unsigned level, Where = Where::current());
  void word(u64 pa, u64 expected, Where = Where::current());

  // Ends the run: the lockstep's own last checks.
  void finish() { lockstep_->finish(); }
  unsigned comparisons() const { return comparisons_; }
  const std::vector<std::string>& mismatches() const { return mismatches_; }
  void mismatch(std::string text) { mismatches_.push_back(std::move(text)); }
  tb::Lockstep& lockstep() { return *lockstep_; }

 private:
  struct Open {
    bool waiting = false, done = false;
    u64 cycle = 0;
    std::size_t first_operation = 0;
    Answer answer;
  };
  void clock();
  void take(Side, const kilburn_req_out&);
  Open& open(Ticket t) { return open_[static_cast<unsigned>(t.side)][t.id]; }
  void quiet();

  BenchConfig config_;
  SparseMemory memory_;
  std::unique_ptr<tb::Dut> dut_;
  std::unique_ptr<tb::Lockstep> lockstep_;
  Open open_[2][16];
  unsigned next_id_[2] = {0, 0};
  bool invalidating_ = false;
  std::vector<MemoryOperation> operations_;
  u64 next_table_ = 0;
  unsigned comparisons_ = 0;
  std::vector<std::string> mismatches_;
};

}  // namespace kilburn::directed
