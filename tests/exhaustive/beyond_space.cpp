// SPDX-License-Identifier: Apache-2.0
//
// What the access test of kvm-unit-tests leaves out, as spaces: 1 GB pages, every reserved bit of 2 MB pages, bits of
// upper entries, SMAP and protection keys crossed with page sizes, accesses that cross a page.
#include "model/arch/crossing.h"
#include "tests/exhaustive/space.h"
#include "tests/exhaustive/tables.h"
#include "tests/truth/x86_64.h"

namespace kilburn::exhaustive {
namespace {

constexpr u64 kVa = 0x12'3456'8000;

constexpr u64 size_of(unsigned level) { return bit(12 + 9 * (level - 1)); }
// A frame for a page of `level`.
constexpr u64 frame_of(unsigned level) { return 3 * size_of(level); }

template <unsigned kLevels>
void begin(Machine& machine) {
  machine.restart({});
  machine.context = {};
  machine.context.root = table_at(kLevels);
  machine.context.controls = kLevels == 5 ? kLa57 : 0;
  link_tables(machine, kVa, kLevels);
}

void fresh(Machine& machine) { machine.invalidate(arch::layout::Inv::PAGE, kVa, 0); }

void compare(Report& report, const Response& r, bool fault, u16 err, unsigned level, u64 pa, unsigned size) {
  report.same("fault", static_cast<u64>(r.fault), static_cast<u64>(fault ? Fault::page : Fault::none));
  report.same("error code", r.err, fault ? err : 0);
  report.same("level", r.level, fault ? level : 0);
  report.same("pa", r.pa, fault ? 0 : pa);
  report.same("size", r.size, fault ? 0 : size);
}

// --- large pages ------------------------------------------------------------------------------------
// P W U A D NX PAT; no reserved bit, one of 29:13 (1 GB) or 20:13 (2 MB), or bit 51; the processor has 1 GB pages or
// not (2 MB pages it always has); access; WP, NXE.

constexpr u64 kHugeCases = 128 * (1 + 17 + 1) * 2 * (3 * 2) * (2 * 2);
constexpr u64 kLargeCases = 128 * (1 + 8 + 1) * 2 * (3 * 2) * (2 * 2);
static_assert(kHugeCases == 116'736 && kLargeCases == 61'440);

template <unsigned kLevel>
struct Large {
  static constexpr unsigned kLow = kLevel == 3 ? 17 : 8;  // reserved frame bits, from 13 on
  explicit Large(u64 n) {
    Digits d(n);
    bits = (d.flag() ? kP : 0) | (d.flag() ? kW : 0) | (d.flag() ? kU : 0) | (d.flag() ? kA : 0) | (d.flag() ? kD : 0) |
           (d.flag() ? kNx : 0) | (d.flag() ? kPatLarge : 0);
    const unsigned which = d.take(kLow + 2);
    reserved = which == 0 ? 0 : which > kLow ? bit(51) : bit(12 + which);
    op = static_cast<Op>(d.take(3));
    user = d.flag();
    controls = (d.flag() ? kWp : 0) | (d.flag() ? kNxe : 0);
    page_1g = !d.flag();
  }
  u64 bits, reserved;
  Op op;
  bool user;
  u32 controls;
  bool page_1g;
};

template <unsigned kLevel>
void run_large(u64 n, Machine& machine, Report& report) {
  const Large<kLevel> c(n);
  if (machine.settings().page_1g != c.page_1g) machine.restart({.page_1g = c.page_1g});
  machine.context.controls = c.controls;
  const u64 entry = frame_of(kLevel) | kPs | c.bits | c.reserved;
  machine.store(slot_at(kVa, kLevel), entry);
  fresh(machine);
  const Response r = machine.access({.va = kVa + 0x128, .op = c.op, .mode = c.user ? Mode::user : Mode::kernel});

  const bool nxe = (c.controls & kNxe) != 0;
  const u16 access = access_bits(c.op, c.user, c.controls);
  bool fault = true;
  u16 err = access;
  if ((c.bits & kP) != 0) {
    err |= kErrP;
    if (c.reserved != 0 || (kLevel == 3 && !c.page_1g) || ((c.bits & kNx) != 0 && !nxe)) {
      err |= kErrRsvd;
    } else {
      const bool w = (c.bits & kW) != 0, u = (c.bits & kU) != 0, nx = (c.bits & kNx) != 0;
      const bool binds = c.user || (c.controls & kWp) != 0;
      fault = (c.user && !u) || (c.op == Op::write && !w && binds) || (c.op == Op::fetch && nx);
    }
  }
  compare(report, r, fault, err, kLevel, frame_of(kLevel) + (kVa + 0x128) % size_of(kLevel), 12 + 9 * (kLevel - 1));
  report.same("memory type", r.mt, !fault && (c.bits & kPatLarge) != 0 ? 4 : 0);
  report.same("entry", machine.load(slot_at(kVa, kLevel)), fault ? entry : entry | kA | (c.op == Op::write ? kD : 0));
}

template <unsigned kLevel>
std::string describe_large(u64 n) {
  const Large<kLevel> c(n);
  return std::string(arch::name(c.op)) + (c.user ? " user" : "") + " bits " + std::to_string(c.bits) + " reserved " +
         std::to_string(c.reserved) + " controls " + std::to_string(c.controls) + (c.page_1g ? "" : " no 1 GB pages");
}

// --- bits of one upper entry ------------------------------------------------------------------------
// P W U A NX 51 8 of the entry at level 5, 4, 3 or 2, and PS at 5 and 4; AMD; access; WP, NXE, SMEP.

constexpr u64 kUpperCases = (2 * 256 + 2 * 128) * 2 * (3 * 2) * (2 * 2 * 2);
static_assert(kUpperCases == 73'728);

struct Upper {
  explicit Upper(u64 n) {
    Digits d(n);
    const unsigned which = d.take(768);
    level = which < 256 ? 5 : which < 512 ? 4 : which < 640 ? 3 : 2;
    Digits b(which < 512 ? which % 256 : which % 128);
    bits = (b.flag() ? kP : 0) | (b.flag() ? kW : 0) | (b.flag() ? kU : 0) | (b.flag() ? kA : 0) |
           (b.flag() ? kNx : 0) | (b.flag() ? bit(51) : 0) | (b.flag() ? kG : 0) | (b.flag() ? kPs : 0);
    op = static_cast<Op>(d.take(3));
    user = d.flag();
    controls = kLa57 | (d.flag() ? kWp : 0) | (d.flag() ? kNxe : 0) | (d.flag() ? kSmep : 0);
    amd = d.flag();
  }
  unsigned level;
  u64 bits;
  Op op;
  bool user;
  u32 controls;
  bool amd;
};

void run_upper(u64 n, Machine& machine, Report& report) {
  const Upper c(n);
  if (machine.settings().amd != c.amd) machine.restart({.amd = c.amd});
  machine.context.controls = c.controls;
  const u64 frame = frame_of(1);
  for (unsigned level = 5; level >= 2; --level) machine.store(slot_at(kVa, level), table_at(level - 1) | kTable);
  machine.store(slot_at(kVa, 1), frame | kTable | kD);
  const u64 entry = table_at(c.level - 1) | c.bits;
  machine.store(slot_at(kVa, c.level), entry);
  fresh(machine);
  const Response r = machine.access({.va = kVa, .op = c.op, .mode = c.user ? Mode::user : Mode::kernel});

  const bool nxe = (c.controls & kNxe) != 0;
  const u64 reserved = bit(51) | (nxe ? 0 : kNx) | (c.level >= 4 ? kPs | (c.amd ? kG : 0) : 0);
  const u16 access = access_bits(c.op, c.user, c.controls);
  bool fault = true;
  u16 err = access;
  unsigned level = c.level;
  bool followed = false;
  if ((c.bits & kP) != 0) {
    err |= kErrP;
    if ((c.bits & reserved) != 0) {
      err |= kErrRsvd;
    } else {
      followed = true;
      level = 1;
      truth::X86Case t{};
      t.p = true;
      t.w = (c.bits & kW) != 0;
      t.u = (c.bits & kU) != 0;
      t.nx = (c.bits & kNx) != 0;
      t.op = c.op;
      t.privilege = c.user ? truth::Privilege::user : truth::Privilege::supervisor;
      t.wp = (c.controls & kWp) != 0;
      t.nxe = nxe;
      t.smep = (c.controls & kSmep) != 0;
      const truth::X86Expected e = truth::expected(t);
      fault = e.fault;
      err = e.error;
    }
  }
  compare(report, r, fault, err, level, frame, 12);
  report.same("global", r.global, 0);
  // A of an entry that was followed to a refusal may be either (SDM 4.8); D is never set here.
  const u64 open = followed && fault ? kA : 0;
  const u64 expected = followed && !fault ? entry | kA : entry;
  report.same("entry", machine.load(slot_at(kVa, c.level)) & ~open, expected & ~open);
}

std::string describe_upper(u64 n) {
  const Upper c(n);
  return "level " + std::to_string(c.level) + " bits " + std::to_string(c.bits) + " " + std::string(arch::name(c.op)) +
         (c.user ? " user" : "") + " controls " + std::to_string(c.controls) + (c.amd ? " AMD" : "");
}

// --- SMAP and U of every level, by page size --------------------------------------------------------
// U of four levels, W of the leaf; WP SMAP SMEP AC; data access as user, supervisor, implicit with CPL 0 and 3, fetch
// as user and supervisor; the three sizes.

constexpr u64 kSmapCases = 16 * 2 * 16 * (2 * 4 + 2) * 3;
static_assert(kSmapCases == 15'360);

struct Smap {
  explicit Smap(u64 n) {
    Digits d(n);
    users = d.take(16);
    w = d.flag();
    controls = (d.flag() ? kWp : 0) | (d.flag() ? kSmap : 0) | (d.flag() ? kSmep : 0);
    ac = d.flag();
    const unsigned who = d.take(10);
    op = who >= 8 ? Op::fetch : who % 2 != 0 ? Op::write : Op::read;
    mode =
        who >= 8 ? (who == 8 ? Mode::user : Mode::kernel) : (who / 2 == 0 || who / 2 == 3 ? Mode::user : Mode::kernel);
    implicit = who < 8 && who / 2 >= 2;
    level = 1 + d.take(3);
  }
  unsigned users;
  bool w;
  u32 controls;
  bool ac;
  Op op;
  Mode mode;
  bool implicit;
  unsigned level;  // of the leaf
};

void run_smap(u64 n, Machine& machine, Report& report) {
  const Smap c(n);
  machine.context.controls = c.controls;
  bool u = true;
  for (unsigned level = 4; level >= c.level; --level) {
    const bool user = (c.users >> (level - 1) & 1) != 0;
    u = u && user;
    const bool leaf = level == c.level;
    const u64 target = leaf ? frame_of(level) | (level > 1 ? kPs : 0) | kD : table_at(level - 1);
    machine.store(slot_at(kVa, level), target | kP | kA | (user ? kU : 0) | (!leaf || c.w ? kW : 0));
  }
  fresh(machine);
  const Request request{.va = kVa, .op = c.op, .mode = c.mode, .ac = c.ac, .implicit = c.implicit};
  truth::X86Case t{};
  t.p = true;
  t.w = c.w;
  t.u = u;
  t.op = c.op;
  t.privilege = c.implicit             ? truth::Privilege::implicit
                : c.mode == Mode::user ? truth::Privilege::user
                                       : truth::Privilege::supervisor;
  t.wp = (c.controls & kWp) != 0;
  t.smap = (c.controls & kSmap) != 0;
  t.smep = (c.controls & kSmep) != 0;
  t.ac = c.ac;
  const truth::X86Expected e = truth::expected(t);
  const u64 pa = frame_of(c.level) + kVa % size_of(c.level);
  // By a walk, and once more: by the TLB if the first was granted.
  compare(report, machine.access(request), e.fault, e.error, c.level, pa, 12 + 9 * (c.level - 1));
  compare(report, machine.access(request), e.fault, e.error, c.level, pa, 12 + 9 * (c.level - 1));
}

std::string describe_smap(u64 n) {
  const Smap c(n);
  return "U of levels " + std::to_string(c.users) + " leaf " + std::to_string(c.level) + (c.w ? " w " : " ") +
         std::string(arch::name(c.op)) + " " + std::string(arch::name(c.mode)) + (c.implicit ? " implicit" : "") +
         (c.ac ? " AC" : "") + " controls " + std::to_string(c.controls);
}

// --- protection keys of user and supervisor pages ---------------------------------------------------
// 16 keys; the sizes; U of the page by the leaf or by the upper entry; PKE PKS; rights of the key in PKRU, the
// opposite in PKRS; WP; read or write; user, supervisor, implicit with CPL 3.

constexpr u64 kKeyCases = 16 * 3 * 3 * 4 * 4 * 2 * 2 * 3;
static_assert(kKeyCases == 27'648);

struct Keyed {
  explicit Keyed(u64 n) {
    Digits d(n);
    key = d.take(16);
    level = 1 + d.take(3);
    u = static_cast<unsigned>(d.take(3));
    controls = (d.flag() ? kPke : 0) | (d.flag() ? kPks : 0);
    rights = d.take(4);
    controls |= d.flag() ? kWp : 0;
    op = d.flag() ? Op::write : Op::read;
    privilege = static_cast<truth::Privilege>(d.take(3));
  }
  unsigned key, level, u;  // u 0: user page; 1: the leaf says supervisor; 2: the entry above it
  u32 controls;
  unsigned rights;
  Op op;
  truth::Privilege privilege;
};

void run_key(u64 n, Machine& machine, Report& report) {
  const Keyed c(n);
  truth::X86Case t{};
  t.p = t.w = true;
  t.u = c.u == 0;
  t.op = c.op;
  t.privilege = c.privilege;
  t.wp = (c.controls & kWp) != 0;
  t.pke = (c.controls & kPke) != 0;
  t.pks = (c.controls & kPks) != 0;
  t.user_ad = (c.rights & 1) != 0;
  t.user_wd = (c.rights & 2) != 0;
  t.supervisor_ad = !t.user_ad;
  t.supervisor_wd = !t.user_wd;
  t.key = static_cast<u8>(c.key);
  machine.context = t.context(table_at(4));
  for (unsigned level = 4; level >= c.level; --level) {
    const bool leaf = level == c.level;
    const bool user = !(leaf && c.u == 1) && !(level == c.level + 1 && c.u == 2);
    const u64 target = leaf ? frame_of(level) | (level > 1 ? kPs : 0) | kD | u64{c.key} << 59
                            : table_at(level - 1) | u64{15 - c.key} << 59;  // not a key up here
    machine.store(slot_at(kVa, level), target | kP | kW | kA | (user ? kU : 0));
  }
  fresh(machine);
  const truth::X86Expected e = truth::expected(t);
  const u64 pa = frame_of(c.level) + kVa % size_of(c.level);
  const unsigned size = 12 + 9 * (c.level - 1);
  compare(report, machine.access(t.request(kVa)), e.fault, e.error, c.level, pa, size);
  compare(report, machine.access(t.request(kVa)), e.fault, e.error, c.level, pa, size);
}

std::string describe_key(u64 n) {
  const Keyed c(n);
  return "key " + std::to_string(c.key) + " rights " + std::to_string(c.rights) + " leaf " + std::to_string(c.level) +
         " U " + std::to_string(c.u) + " " + std::string(arch::name(c.op)) + " privilege " +
         std::to_string(static_cast<unsigned>(c.privilege)) + " controls " + std::to_string(c.controls);
}

// --- accesses that cross a page ---------------------------------------------------------------------
// Each half: mapped, not present, reserved, read-only, supervisor, no-execute; the access; 1 to 7 bytes in the first
// page; the boundary of a 4 KB, 2 MB or 1 GB region. And at the hole of 48 and 57 bits from below and from above.

constexpr u64 kInside = 6 * 6 * (3 * 2) * 7 * 3;
constexpr u64 kAtHole = 6 * (3 * 2) * 7 * 2 * 2;
constexpr u64 kCrossCases = kInside + kAtHole;
static_assert(kCrossCases == 5'544);

struct Cross {
  explicit Cross(u64 n) : at_hole(n >= kInside) {
    Digits d(at_hole ? n - kInside : n);
    kind[0] = d.take(6);
    op = static_cast<Op>(d.take(3));
    user = d.flag();
    bytes = 1 + d.take(7);
    if (at_hole) {
      la57 = d.flag();
      from_above = d.flag();
    } else {
      kind[1] = d.take(6);
      boundary = d.take(3);
    }
  }
  bool at_hole;
  unsigned kind[2] = {0, 0};
  Op op;
  bool user;
  unsigned bytes;  // in the first page
  bool la57 = false, from_above = false;
  unsigned boundary = 0;

  // First address of the second page.
  u64 second() const {
    if (at_hole) return from_above ? ~u64{0} << (la57 ? 56 : 47) : bit(la57 ? 56 : 47);
    return 0x12'8000'0000 + (boundary == 0 ? 0x1000 : boundary == 1 ? 0x20'0000 : 0x4000'0000);
  }
};
constexpr u64 kKinds[] = {kP | kW | kU, kW | kU, kP | kW | kU | bit(51), kP | kU, kP | kW, kP | kW | kU | kNx};

void run_cross(u64 n, Machine& machine, Report& report) {
  const Cross c(n);
  const u32 controls = kNxe | kWp | (c.la57 ? kLa57 : 0);
  const unsigned levels = c.la57 ? 5 : 4;
  machine.context.controls = controls;
  machine.context.root = table_at(levels);
  const u64 second = c.second(), first = second - 0x1000;
  const u64 frames[2] = {0x700'0000, 0x300'0000};  // not neighbours
  Tables tables(levels);
  for (unsigned half = 0; half < 2; ++half) {
    machine.store(tables.slot(machine, half == 0 ? first : second, 1), frames[half] | kKinds[c.kind[half]] | kA | kD);
  }
  machine.invalidate(arch::layout::Inv::ALL, 0, 0);

  const arch::FormatInfo f = arch::x86_64_info(levels);
  u64 expected_va = second - c.bytes;
  unsigned half = 0;
  bool stopped = false;
  for (const arch::Piece piece : arch::Pieces(f, second - c.bytes, 8)) {
    report.same("pieces after a fault", stopped, false);
    report.same("address of a piece", piece.va, expected_va);
    const Response r = machine.access({.va = piece.va, .op = c.op, .mode = c.user ? Mode::user : Mode::kernel});
    const bool canonical = !c.at_hole || (half == 0 ? !c.from_above : c.from_above);
    if (!canonical) {
      report.same("fault", static_cast<u64>(r.fault), static_cast<u64>(Fault::general));
      report.same("error code", r.err, 0);
      stopped = true;
      break;
    }
    const u64 bits = kKinds[c.kind[half]];
    const u16 access = access_bits(c.op, c.user, controls);
    bool fault = true;
    u16 err = access;
    if ((bits & kP) != 0) {
      err |= kErrP;
      if ((bits & bit(51)) != 0) {
        err |= kErrRsvd;
      } else {
        fault = (c.user && (bits & kU) == 0) || (c.op == Op::write && (bits & kW) == 0) ||
                (c.op == Op::fetch && (bits & kNx) != 0);
      }
    }
    compare(report, r, fault, err, 1, frames[half] + piece.va % 0x1000, 12);
    if (fault) {
      stopped = true;
      break;
    }
    expected_va = second;
    ++half;
  }
  report.same("both halves or a fault", half == 2 || stopped, true);
}

std::string describe_cross(u64 n) {
  const Cross c(n);
  return std::string(arch::name(c.op)) + (c.user ? " user" : "") + ", " + std::to_string(c.bytes) + " bytes before " +
         std::to_string(c.second()) + ", halves " + std::to_string(c.kind[0]) + " " + std::to_string(c.kind[1]) +
         (c.at_hole ? (c.from_above ? ", out of the hole" : ", into the hole") : "") + (c.la57 ? ", LA57" : "");
}

}  // namespace

std::vector<Space> beyond_spaces() {
  const Format x86 = Format::x86_64;
  return {{"2mb", x86, kLargeCases, 61'440, nullptr, begin<4>, run_large<2>, describe_large<2>},
          {"1gb", x86, kHugeCases, 116'736, nullptr, begin<4>, run_large<3>, describe_large<3>},
          {"upper", x86, kUpperCases, 73'728, nullptr, begin<5>, run_upper, describe_upper},
          {"smap", x86, kSmapCases, 15'360, nullptr, begin<4>, run_smap, describe_smap},
          {"keys", x86, kKeyCases, 27'648, nullptr, begin<4>, run_key, describe_key},
          {"crossing", x86, kCrossCases, 5'544, nullptr, begin<4>, run_cross, describe_cross}};
}

}  // namespace kilburn::exhaustive
