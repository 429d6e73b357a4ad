// SPDX-License-Identifier: Apache-2.0
//
// What may still be answered from the TLB after each invalidation, over PCIDs and the global bit: the operations of
// SDM 4.10.4.1 as system.h performs them, held against the list of what each must take.
#include "model/arch/system.h"
#include "tests/exhaustive/space.h"
#include "tests/exhaustive/tables.h"

namespace kilburn::exhaustive {
namespace {

constexpr u64 kVa = 0x12'3440'8000;
constexpr u64 kOld = 0x5'0000'0000, kNew = 0x6'0000'0000;  // aligned to 1 GB

enum class What : unsigned {
  invpcid_address_1,
  invpcid_address_2,
  invpcid_context_1,
  invpcid_context_2,
  invpcid_all,
  invpcid_nonglobal,
  invlpg,
  cr3_to_1,
  cr3_to_2,
  cr3_to_1_kept,
  cr3_to_2_kept,
  pge_changed
};
constexpr unsigned kOperations = 12;
constexpr const char* kNames[kOperations] = {"INVPCID 0 of 1", "INVPCID 0 of 2",   "INVPCID 1 of 1",   "INVPCID 1 of 2",
                                             "INVPCID 2",      "INVPCID 3",        "INVLPG in 1",      "CR3 to 1",
                                             "CR3 to 2",       "CR3 to 1, bit 63", "CR3 to 2, bit 63", "CR4.PGE"};

// G, PGE; size 4 KB, 2 MB, 1 GB; side; operation; PCID that looks afterwards.
constexpr u64 kCases = 2 * 2 * 3 * 2 * kOperations * 2;
static_assert(kCases == 576);

struct Case {
  explicit Case(u64 n) {
    Digits d(n);
    g = d.flag();
    pge = d.flag();
    level = 1 + d.take(3);
    fetch = d.flag();
    what = static_cast<What>(d.take(kOperations));
    looks = static_cast<u16>(1 + d.take(2));
  }
  bool g, pge;
  unsigned level;
  bool fetch;
  What what;
  u16 looks;

  // SDM 4.10.4.1: whether the operation must take the translation that PCID `looks` uses.
  bool must_take() const {
    const bool global = g && pge;
    switch (what) {
      case What::invpcid_address_1:
      case What::invpcid_context_1:
      case What::cr3_to_1:
        return !global && looks == 1;
      case What::invpcid_address_2:
      case What::invpcid_context_2:
      case What::cr3_to_2:
        return !global && looks == 2;
      case What::invpcid_nonglobal:
        return !global;
      case What::invlpg:
        return global || looks == 1;
      case What::cr3_to_1_kept:
      case What::cr3_to_2_kept:
        return false;
      case What::invpcid_all:
      case What::pge_changed:
        return true;
    }
    return true;
  }
};

void begin(Machine& machine) {
  machine.restart({});
  link_tables(machine, kVa, 4);
}

arch::SystemResult perform(const Case& c, const arch::X86State& s) {
  const u64 root = table_at(4);
  switch (c.what) {
    case What::invpcid_address_1:
      return arch::invpcid(s, 0, 1, kVa);
    case What::invpcid_address_2:
      return arch::invpcid(s, 0, 2, kVa);
    case What::invpcid_context_1:
      return arch::invpcid(s, 1, 1, 0);
    case What::invpcid_context_2:
      return arch::invpcid(s, 1, 2, 0);
    case What::invpcid_all:
      return arch::invpcid(s, 2, 0, 0);
    case What::invpcid_nonglobal:
      return arch::invpcid(s, 3, 0, 0);
    case What::invlpg:
      return arch::invlpg(s, kVa + 0x100);
    case What::cr3_to_1:
      return arch::mov_cr3(s, root | 1, {});
    case What::cr3_to_2:
      return arch::mov_cr3(s, root | 2, {});
    case What::cr3_to_1_kept:
      return arch::mov_cr3(s, root | 1 | bit(63), {});
    case What::cr3_to_2_kept:
      return arch::mov_cr3(s, root | 2 | bit(63), {});
    case What::pge_changed:
      break;
  }
  return arch::mov_cr4(s, s.cr4 ^ arch::cr4::PGE.mask());
}

void run(u64 n, Machine& machine, Report& report) {
  const Case c(n);
  arch::X86State s;
  s.cr0 = arch::cr0::PE.mask() | arch::cr0::PG.mask();
  s.cr4 = arch::cr4::PAE.mask() | arch::cr4::PCIDE.mask() | (c.pge ? arch::cr4::PGE.mask() : 0);
  s.efer = arch::efer::LME.mask() | arch::efer::LMA.mask();
  s.cr3 = table_at(4) | 1;

  const u64 offset = kVa % bit(12 + 9 * (c.level - 1));
  const auto map = [&](u64 frame) {
    for (unsigned level = 4; level > c.level; --level) machine.store(slot_at(kVa, level), table_at(level - 1) | kTable);
    machine.store(slot_at(kVa, c.level), frame | kTable | kD | (c.level > 1 ? kPs : 0) | (c.g ? kG : 0));
  };
  const auto access = [&](u16 pcid) {
    machine.context = arch::context_of(s);
    machine.context.asid = pcid;
    return machine.access({.va = kVa, .op = c.fetch ? Op::fetch : Op::read, .mode = Mode::user});
  };
  machine.invalidate(arch::layout::Inv::ALL, 0, 0);
  map(kOld);
  for (const u16 pcid : {u16{1}, u16{2}}) {
    const Response r = access(pcid);
    report.same("pa at first", r.pa, kOld + offset);
    report.same("global", r.global, c.g && c.pge);
  }
  map(kNew);
  const arch::SystemResult result = perform(c, s);
  report.same("exception", static_cast<u64>(result.exception), 0);
  for (const arch::Invalidation& i : result.due) machine.invalidate(i.code, i.va, i.asid);
  s = result.state;
  const Response r = access(c.looks);
  report.same("fault", static_cast<u64>(r.fault), 0);
  // What need not go may go: either translation is legal then, and a machine that keeps what it may has the old.
  const bool old_allowed = !c.must_take() && machine.caches();
  const bool old = old_allowed && (machine.keeps() || r.pa == kOld + offset);
  report.same("pa", r.pa, (old ? kOld : kNew) + offset);
}

std::string describe(u64 n) {
  const Case c(n);
  return std::string(kNames[static_cast<unsigned>(c.what)]) + (c.g ? ", G" : "") + (c.pge ? ", PGE" : "") + ", level " +
         std::to_string(c.level) + (c.fetch ? ", fetch" : "") + ", seen from PCID " + std::to_string(c.looks);
}

}  // namespace

std::vector<Space> cached_spaces() { return {{"pcid", Format::x86_64, kCases, 576, nullptr, begin, run, describe}}; }

}  // namespace kilburn::exhaustive
