// SPDX-License-Identifier: Apache-2.0
//
// The space of the access test of kvm-unit-tests (x86/access.c), as stimulus and expectation of our own: every
// combination of bits of a 4 KB or 2 MB mapping, of the access and of the control registers. The suite's counter has
// 31 flags; MAXPHYADDR of at least 37 takes its two flags for bit 36 away, and a run without forced emulation one.
#include "tests/exhaustive/space.h"
#include "tests/exhaustive/tables.h"
#include "tests/truth/x86_64.h"

namespace kilburn::exhaustive {
namespace {

constexpr u64 kVa = 0xffff'9234'0000'0000;  // canonical with 48 and with 57 bits
constexpr u64 kFrame = 0x240'0000;          // aligned to 2 MB

// In the order of the suite's counter: what changes seldom stands high.
enum Flag : unsigned {
  kPteW,
  kPteU,
  kPteA,
  kPteD,
  kPteNx,
  kPteP,
  kPte51,
  kPdeW,
  kPdeU,
  kPdeA,
  kPdeD,
  kPdePs,
  kPdeNx,
  kPdeP,
  kPde51,
  kPde13,
  kPdptReadOnly,
  kPkruAd,
  kPkruWd,
  kKey1,
  kUser,
  kWrite,
  kFetch,
  kTwice,
  kCpuNxe,
  kCpuWp,
  kCpuSmep,
  kCpuPke,
  kFlags
};
constexpr const char* kNames[kFlags] = {"pte.w",  "pte.u",  "pte.a",    "pte.d",   "pte.nx",  "pte.p",  "pte.51",
                                        "pde.w",  "pde.u",  "pde.a",    "pde.d",   "pde.ps",  "pde.nx", "pde.p",
                                        "pde.51", "pde.13", "pdpte.ro", "pkru.ad", "pkru.wd", "key 1",  "user",
                                        "write",  "fetch",  "twice",    "nxe",     "wp",      "smep",   "pke"};

constexpr bool has(u64 n, Flag f) { return (n >> f & 1) != 0; }

// What the suite leaves out: SMEP in the counter, a fetch that writes, rights of keys without keys, bit 13 of an
// entry that is no large page, more than one reserved bit.
bool legal(u64 n) {
  if (has(n, kCpuSmep) || (has(n, kFetch) && has(n, kWrite))) return false;
  if (!has(n, kCpuPke) && (has(n, kPkruAd) || has(n, kPkruWd))) return false;
  if (has(n, kPde13) && !has(n, kPdePs)) return false;
  unsigned reserved = unsigned{has(n, kPte51)} + has(n, kPde51) + has(n, kPde13);
  if (!has(n, kCpuNxe)) reserved += unsigned{has(n, kPteNx)} + has(n, kPdeNx);
  return reserved <= 1;
}

// Cases, by NXE x PS. Access: 3 pairs of (write, fetch), 2 of user, 2 of twice, 2 of WP, 2 of the PDPT entry, 5 of
// (PKE, AD, WD) and 2 of the key: 3 x 2 x 2 x 2 x 2 x 5 x 2. Mapping: 5 + 5 flags that are free (W, U, A, D, P of
// both entries), 2 of PS; NX of both free with NXE; at most one of the reserved bits.
constexpr u64 kAccesses = 3 * 2 * 2 * 2 * 2 * 5 * 2;
constexpr u64 kFree = 1024;
// NXE = 1: four pairs of NX, and of {51, 51} at most one, of {51, 51, 13} with PS.
// NXE = 0: of {51, 51, NX, NX} at most one, of {51, 51, 13, NX, NX} with PS.
constexpr u64 kCases = kAccesses * kFree * (4 * ((1 + 2) + (1 + 3)) + (1 + 4) + (1 + 5));
static_assert(kCases == 19'169'280, "the suite's number of cases");

struct Expected {
  bool fault = false;
  u16 err = 0;
  u8 level = 0;
  u64 pte = 0, pde = 0;
  u64 pde_open = 0;  // bits that may be either
};

// One access by the manual: the PDE, then the PTE unless the PDE is the leaf. `pte` and `pde` are the words before.
Expected foretell(u64 n, Op op, bool user, u64 pte, u64 pde, u32 controls) {
  const u64 reserved = bit(51) | ((controls & kNxe) == 0 ? kNx : 0);
  Expected e{false, 0, 0, pte, pde, 0};
  const u16 access = access_bits(op, user, controls);
  const auto refuse = [&](u16 err, u8 level) {
    e.fault = true;
    e.err = static_cast<u16>(err | access);
    e.level = level;
    // A walk that goes past the PDE may set its A or not when it faults in the end (SDM 4.8). The suite leaves A
    // open in every case that faults; an entry that is not followed is never written here.
    e.pde_open = level == 1 && (pde & kA) == 0 ? kA : 0;
  };
  const bool large = has(n, kPdePs);
  if ((pde & kP) == 0) return refuse(0, 2), e;
  if ((pde & (reserved | (large ? bit(13) : 0))) != 0) return refuse(kErrP | kErrRsvd, 2), e;
  const u64 leaf = large ? pde : pte;
  const u8 level = large ? 2 : 1;
  if ((leaf & kP) == 0) return refuse(0, level), e;
  if ((leaf & reserved) != 0) return refuse(kErrP | kErrRsvd, level), e;

  truth::X86Case c{};
  c.p = true;
  c.w = !has(n, kPdptReadOnly) && (pde & leaf & kW) != 0;
  c.u = (pde & leaf & kU) != 0;
  c.nx = ((pde | leaf) & kNx) != 0;
  c.op = op;
  c.privilege = user ? truth::Privilege::user : truth::Privilege::supervisor;
  c.wp = has(n, kCpuWp);
  c.nxe = has(n, kCpuNxe);
  c.pke = has(n, kCpuPke);
  c.user_ad = has(n, kKey1) && has(n, kPkruAd);  // key 0 has neither
  c.user_wd = has(n, kKey1) && has(n, kPkruWd);
  const truth::X86Expected allowed = truth::expected(c);
  if (allowed.fault) {
    refuse(allowed.error, level);
    return e;
  }
  (large ? e.pde : e.pte) |= kA | (op == Op::write ? kD : 0);
  if (!large) e.pde |= kA;
  return e;
}

template <unsigned kLevels>
void begin(Machine& machine) {
  machine.restart({});
  machine.context = {};
  machine.context.root = table_at(kLevels);
  machine.context.asid = 0;
  link_tables(machine, kVa, kLevels);
}

void compare(Report& report, const Response& r, const Expected& e) {
  report.same("fault", static_cast<u64>(r.fault), static_cast<u64>(e.fault ? Fault::page : Fault::none));
  report.same("error code", r.err, e.err);
  report.same("level", r.level, e.level);
  report.same("pa", r.pa, e.fault ? 0 : kFrame);
}

template <unsigned kLevels>
void run(u64 n, Machine& machine, Report& report) {
  const bool large = has(n, kPdePs);
  const auto bits_of = [&](Flag w, Flag u, Flag a, Flag d, Flag p, Flag nx, Flag b51) {
    return (has(n, w) ? kW : 0) | (has(n, u) ? kU : 0) | (has(n, a) ? kA : 0) | (has(n, d) ? kD : 0) |
           (has(n, p) ? kP : 0) | (has(n, nx) ? kNx : 0) | (has(n, b51) ? bit(51) : 0);
  };
  const u64 key = has(n, kKey1) ? u64{1} << 59 : 0;
  u64 pde = bits_of(kPdeW, kPdeU, kPdeA, kPdeD, kPdeP, kPdeNx, kPde51) | (has(n, kPde13) ? bit(13) : 0);
  // In an upper entry the key's bits are ignored: they hold key 2, which denies everything.
  pde |= large ? kFrame | kPs | key : table_at(1) | key << 1;
  const u64 pte = bits_of(kPteW, kPteU, kPteA, kPteD, kPteP, kPteNx, kPte51) | kFrame | key;
  const u64 pdpt = table_at(2) | kP | kU | kA | (has(n, kPdptReadOnly) ? 0 : kW);

  machine.store(slot_at(kVa, 3), pdpt);
  machine.store(slot_at(kVa, 2), pde);
  if (!large) machine.store(slot_at(kVa, 1), pte);
  machine.invalidate(arch::layout::Inv::PAGE, kVa, machine.context.asid);
  machine.context.controls = (has(n, kCpuWp) ? kWp : 0) | (has(n, kCpuNxe) ? kNxe : 0) | (has(n, kCpuPke) ? kPke : 0) |
                             (kLevels == 5 ? kLa57 : 0);
  machine.context.pkru = 0x30 | (has(n, kPkruAd) ? 4u : 0) | (has(n, kPkruWd) ? 8u : 0);

  const u32 controls = machine.context.controls;
  Expected before{false, 0, 0, pte, pde, 0};
  if (has(n, kTwice)) {
    before = foretell(n, Op::read, false, pte, pde, controls);
    compare(report, machine.access({.va = kVa, .op = Op::read, .mode = Mode::kernel}), before);
  }
  const Op op = has(n, kFetch) ? Op::fetch : has(n, kWrite) ? Op::write : Op::read;
  const bool user = has(n, kUser);
  Expected e = foretell(n, op, user, before.pte, before.pde, controls);
  if (!e.fault) e.pde_open = 0;
  compare(report, machine.access({.va = kVa, .op = op, .mode = user ? Mode::user : Mode::kernel}), e);
  report.same("pde", machine.load(slot_at(kVa, 2)) & ~e.pde_open, e.pde & ~e.pde_open);
  if (!large) report.same("pte", machine.load(slot_at(kVa, 1)), e.pte);
}

std::string describe(u64 n) {
  std::string text;
  for (unsigned f = 0; f < kFlags; ++f) {
    if (has(n, static_cast<Flag>(f))) text += (text.empty() ? "" : " ") + std::string(kNames[f]);
  }
  return text;
}

}  // namespace

std::vector<Space> access_spaces() {
  return {{"access", Format::x86_64, u64{1} << kFlags, kCases, legal, begin<4>, run<4>, describe},
          {"access-la57", Format::x86_64, u64{1} << kFlags, kCases, legal, begin<5>, run<5>, describe}};
}

}  // namespace kilburn::exhaustive
