// SPDX-License-Identifier: Apache-2.0
//
// The traps that the decision core alone decides, by id: cases that real models and RTL get wrong.
#include "tests/catch.h"
#include "tests/unit/arch/tables.h"

namespace {

using namespace kilburn::tb;

constexpr u64 kVa = 0x00007654'3210'f678;  // x86-64 and alpha-x64
constexpr u64 kAlphaVa = 0x123'4567'8120;  // alpha
constexpr u64 kNx = u64{1} << 63;
constexpr u64 kAbove = u64{1} << 40;  // reserved at MAXPHYADDR 40
constexpr u64 kLarge = Tables::kFrame | 0xe7;

Tables x86(u32 controls = 0) {
  Tables tables(Format::x86_64, kVa);
  tables.context.controls = controls;
  return tables;
}
Tables alpha() { return {Format::alpha, kAlphaVa}; }

// The error code of a page fault; anything else is a large number.
unsigned error_of(const Outcome& got) { return got.fault.code == Fault::page ? got.fault.error : 0x10000; }

constexpr u16 kMayAll = 0b1011;  // W U D

}  // namespace

TEST_CASE("T01 a reserved-bit fault carries P") {
  Tables tables = x86();
  tables.entry(1) |= kAbove;
  CHECK(error_of(tables.walk(Op::read, Mode::kernel)) == 0x9);
  CHECK(error_of(tables.walk(Op::write, Mode::user)) == 0xf);
}

TEST_CASE("T02 PS in a PML4 entry is reserved and nothing deeper is read") {
  Tables tables = x86();
  tables.entry(4) |= 0x80;
  const Outcome got = tables.walk(Op::read, Mode::user);
  CHECK(error_of(got) == 0xd);
  CHECK(got.fault.level == 4);
  CHECK(got.steps.size() == 1);
}

TEST_CASE("T02 PS in a PML5 entry is reserved, AMD reserves bit 8 there and in PML4 entries") {
  for (unsigned level = 4; level <= 5; ++level) {
    Tables tables(Format::x86_64, kVa, kLa57);
    tables.entry(level) |= 0x80;
    CHECK(error_of(tables.walk(Op::read, Mode::user)) == 0xd);
    CHECK(tables.walk(Op::read, Mode::user).fault.level == level);
  }
  for (unsigned level = 1; level <= 5; ++level) {
    Tables tables(Format::x86_64, kVa, kLa57);
    tables.entry(level) |= 0x100;
    CHECK(tables.walk(Op::read, Mode::user).fault.code == Fault::none);
    tables.settings.amd = true;
    CHECK(error_of(tables.walk(Op::read, Mode::user)) == (level >= 4 ? 0xd : 0x10000));
  }
}

TEST_CASE("T03 low frame bits of a 1 GB page are reserved, PAT is not") {
  for (unsigned bit = 12; bit <= 30; ++bit) {
    Tables tables = x86();
    tables.entry(3) = kLarge | u64{1} << bit;
    const Outcome got = tables.walk(Op::read, Mode::kernel);
    CHECK(error_of(got) == (bit >= 13 && bit <= 29 ? 0x9 : 0x10000));
  }
}

TEST_CASE("T04 low frame bits of a 2 MB page are reserved, PAT is not") {
  for (unsigned bit = 12; bit <= 21; ++bit) {
    Tables tables = x86();
    tables.entry(2) = kLarge | u64{1} << bit;
    const Outcome got = tables.walk(Op::read, Mode::kernel);
    CHECK(error_of(got) == (bit >= 13 && bit <= 20 ? 0x9 : 0x10000));
  }
}

TEST_CASE("T05 PS at level 3 is a 1 GB page, never a pointer to a page directory") {
  Tables tables = x86();
  tables.entry(3) = kLarge;
  const Outcome got = tables.walk(Op::read, Mode::user);
  CHECK(got.pa == Tables::kFrame + (kVa & 0x3fffffff));
  CHECK(got.steps.size() == 2);
}

TEST_CASE("T05 PS at level 3 is reserved in a processor without 1 GB pages") {
  Tables tables = x86();
  tables.settings.page_1g = false;
  tables.entry(3) = kLarge;
  CHECK(error_of(tables.walk(Op::write, Mode::user)) == 0xf);
  CHECK(tables.walk(Op::write, Mode::user).steps.size() == 2);
  tables = x86();
  tables.settings.page_1g = false;
  tables.entry(2) = kLarge;  // 2 MB pages are not concerned
  CHECK(tables.walk(Op::write, Mode::user).fault.code == Fault::none);
}

TEST_CASE("T06 NX without NXE is reserved at every level, I/D is then set by SMEP alone") {
  for (unsigned level = 1; level <= 4; ++level) {
    for (const u32 smep : {0u, kSmep}) {
      Tables tables = x86(smep);
      tables.entry(level) |= kNx;
      const Outcome got = tables.walk(Op::fetch, Mode::user);
      CHECK(error_of(got) == (smep ? 0x1d : 0xd));
      CHECK(got.fault.level == level);
    }
  }
}

TEST_CASE("T07 no bit of an entry with P = 0 counts") {
  for (unsigned level = 1; level <= 4; ++level) {
    Tables tables = x86();
    tables.entry(level) = ~u64{1};
    const Outcome got = tables.walk(Op::read, Mode::kernel);
    CHECK(error_of(got) == 0);
    CHECK(got.fault.level == level);
    CHECK(got.writes.empty());
  }
}

TEST_CASE("T08 the upper entry decides") {
  Tables reserved_above = x86();
  reserved_above.entry(3) |= kAbove;
  reserved_above.entry(2) = 0;
  CHECK(error_of(reserved_above.walk(Op::read, Mode::kernel)) == 0x9);
  Tables absent_above = x86();
  absent_above.entry(3) = 0;
  absent_above.entry(2) |= kAbove;
  CHECK(error_of(absent_above.walk(Op::read, Mode::kernel)) == 0x0);
}

TEST_CASE("T09 address bits above MAXPHYADDR are reserved in entries that are no leaf") {
  for (unsigned level = 2; level <= 4; ++level) {
    for (unsigned bit = 40; bit <= 51; ++bit) {
      Tables tables = x86();
      tables.entry(level) |= u64{1} << bit;
      CHECK(error_of(tables.walk(Op::read, Mode::kernel)) == 0x9);
      tables.settings.pa_width = 52;
      CHECK(error_of(tables.walk(Op::read, Mode::kernel)) == 0x10000);
    }
  }
}

TEST_CASE("T10 PAT is bit 7 of a 4 KB entry and bit 12 of a large one") {
  Tables small = x86();
  small.entry(1) |= 0x1080;  // bit 12 is the lowest frame bit here
  const Outcome got = small.walk(Op::read, Mode::user);
  CHECK(got.translation.memory_type == 4);
  CHECK(got.pa == Tables::kFrame + 0x1678);
  Tables large = x86();
  large.entry(2) = kLarge | 0x1000;
  CHECK(large.walk(Op::read, Mode::user).translation.memory_type == 4);
  CHECK(large.walk(Op::read, Mode::user).translation.pa == Tables::kFrame);
}

TEST_CASE("T11 NX accumulates over all levels and stays with the translation") {
  for (unsigned level = 1; level <= 4; ++level) {
    Tables tables = x86(kNxe);
    tables.entry(level) |= kNx;
    CHECK(error_of(tables.walk(Op::fetch, Mode::user)) == 0x15);
    const Outcome load = tables.walk(Op::read, Mode::user);
    REQUIRE(load.fault.code == Fault::none);
    CHECK(check_rights(Format::x86_64, {}, load.translation.rights, {kVa, Op::fetch, Mode::user, false}, with(kNxe))
              .error == 0x15);
  }
}

TEST_CASE("T12 R/W and U/S are those of every level") {
  for (unsigned level = 1; level <= 4; ++level) {
    Tables read_only = x86();
    read_only.entry(level) &= ~u64{2};
    CHECK(error_of(read_only.walk(Op::write, Mode::user)) == 0x7);
    CHECK((read_only.walk(Op::read, Mode::user).translation.rights & 1) == 0);
    Tables supervisor = x86();
    supervisor.entry(level) &= ~u64{4};
    CHECK(error_of(supervisor.walk(Op::read, Mode::user)) == 0x5);
    CHECK((supervisor.walk(Op::read, Mode::kernel).translation.rights & 2) == 0);
  }
}

TEST_CASE("T13 a faulting leaf gives no translation and no write") {
  Tables tables = x86();
  tables.entry(2) = (kLarge | 0x2000) & ~u64{0x60};  // misaligned, A and D clear
  const Outcome got = tables.walk(Op::write, Mode::user);
  CHECK(error_of(got) == 0xf);
  CHECK(got.writes.empty());
  CHECK(got.translation.page_log2 == 0);
}

TEST_CASE("T14 reserved bits count for fetches") {
  for (unsigned level = 1; level <= 4; ++level) {
    Tables tables = x86(kNxe);
    tables.entry(level) |= kAbove;
    CHECK(error_of(tables.walk(Op::fetch, Mode::kernel)) == 0x19);
  }
}

TEST_CASE("T15 an entry that cannot be read is a bus error, no translation, no further write") {
  for (unsigned level = 1; level <= 4; ++level) {
    Tables tables = x86();
    tables.memory.erase(tables.entry_pa(level));
    const Outcome got = tables.walk(Op::write, Mode::user);
    CHECK(got.fault.rule == Rule::walk_bus);
    CHECK(got.translation.page_log2 == 0);
    CHECK(got.writes.empty());
  }
}

TEST_CASE("T16 the root of five levels is read at level 5, frames keep every bit up to MAXPHYADDR") {
  Tables tables(Format::x86_64, kVa, kLa57);
  tables.settings.pa_width = 52;
  const u64 high = u64{0xfff} << 40;
  const u64 entry = tables.entry(1);
  tables.memory.erase(tables.entry_pa(1));
  tables.memory[tables.entry_pa(1) | high] = entry | high;
  tables.entry(2) |= high;
  const Outcome got = tables.walk(Op::read, Mode::user);
  CHECK(got.pa == (Tables::kFrame | high | 0x678));
  CHECK(got.steps[0].pa == tables.entry_pa(5));
}

TEST_CASE("T20 I/D is set only with NXE or SMEP") {
  for (const u32 controls : {0u, kWp | kSmap, kNxe, kSmep, kNxe | kSmep}) {
    Tables tables = x86(controls);
    tables.entry(1) = 0;
    CHECK(error_of(tables.walk(Op::fetch, Mode::user)) == (controls & (kNxe | kSmep) ? 0x14 : 0x4));
    CHECK(error_of(tables.walk(Op::read, Mode::user)) == 0x4);
  }
}

namespace {

// A page of key 1; PKRU and PKRS with these two bits for key 1.
Tables keyed(u32 controls, u32 pkru, u32 pkrs = 0) {
  Tables tables = x86(controls);
  tables.entry(1) |= u64{1} << 59;
  tables.context.pkru = pkru << 2;
  tables.context.pkrs = pkrs << 2;
  return tables;
}
constexpr u32 kAd = 1, kWd = 2;

}  // namespace

TEST_CASE("T21 PK is set together with a violation of R/W, SMAP") {
  Tables tables = keyed(kPke | kWp | kSmap, kWd);
  tables.entry(1) &= ~u64{2};
  CHECK(error_of(tables.walk(Op::write, Mode::user)) == 0x27);
  CHECK(tables.walk(Op::write, Mode::user).fault.rule == Rule::x86_user_read_only);
  CHECK(error_of(tables.walk(Op::write, Mode::kernel, true)) == 0x23);
  CHECK(error_of(tables.walk(Op::write, Mode::kernel, false)) == 0x23);
  CHECK(error_of(tables.walk(Op::read, Mode::kernel, false)) == 0x1);  // WD does not touch a read
  // but not with P = 0 or RSVD
  tables.entry(1) |= kAbove;
  CHECK(error_of(tables.walk(Op::write, Mode::user)) == 0xf);
  tables.entry(1) &= ~u64{1};
  CHECK(error_of(tables.walk(Op::write, Mode::user)) == 0x6);
}

TEST_CASE("T22 a key never stops a fetch, nor shows in its error code") {
  Tables tables = keyed(kPke | kPks | kNxe, kAd | kWd, kAd | kWd);
  CHECK(tables.walk(Op::fetch, Mode::user).fault.code == Fault::none);
  CHECK(tables.walk(Op::fetch, Mode::kernel).fault.code == Fault::none);
  tables.entry(1) |= kNx;
  CHECK(error_of(tables.walk(Op::fetch, Mode::user)) == 0x15);
}

TEST_CASE("T23 the key of an entry that is no leaf is ignored") {
  for (unsigned level = 2; level <= 4; ++level) {
    Tables tables = x86(kPke);
    tables.entry(level) |= u64{2} << 59;
    tables.context.pkru = 3u << 4;
    CHECK(tables.walk(Op::write, Mode::user).fault.code == Fault::none);
    CHECK(tables.walk(Op::write, Mode::user).translation.rights == kMayAll);
  }
  // and a large page has its own
  Tables large = x86(kPke);
  large.entry(2) = kLarge | u64{2} << 59;
  large.context.pkru = 3u << 4;
  CHECK(error_of(large.walk(Op::read, Mode::user)) == 0x25);
}

TEST_CASE("T24 WD does not bind a supervisor write with WP = 0, AD does") {
  CHECK(keyed(kPke, kWd).walk(Op::write, Mode::kernel).fault.code == Fault::none);
  CHECK(error_of(keyed(kPke | kWp, kWd).walk(Op::write, Mode::kernel)) == 0x23);
  CHECK(error_of(keyed(kPke, kWd).walk(Op::write, Mode::user)) == 0x27);
  CHECK(error_of(keyed(kPke, kAd).walk(Op::write, Mode::kernel)) == 0x23);
  CHECK(error_of(keyed(kPke, kAd).walk(Op::read, Mode::kernel)) == 0x21);
}

TEST_CASE("T25 PKRU for user pages, PKRS for supervisor pages, whoever asks") {
  Tables user_page = keyed(kPke | kPks, 0, kAd);
  CHECK(user_page.walk(Op::read, Mode::kernel).fault.code == Fault::none);
  Tables supervisor_page = keyed(kPke | kPks | kWp, kAd, 0);
  supervisor_page.entry(3) &= ~u64{4};  // U = 0 at any level
  CHECK(supervisor_page.walk(Op::write, Mode::kernel).fault.code == Fault::none);
  supervisor_page.context.pkrs = kWd << 2;
  CHECK(supervisor_page.walk(Op::read, Mode::kernel).fault.code == Fault::none);
  CHECK(error_of(supervisor_page.walk(Op::write, Mode::kernel)) == 0x23);
  CHECK(supervisor_page.walk(Op::write, Mode::kernel).fault.rule == Rule::x86_key_supervisor);
  supervisor_page.context.controls = kPke | kPks;  // WP = 0
  CHECK(supervisor_page.walk(Op::write, Mode::kernel).fault.code == Fault::none);
  supervisor_page.context.pkrs = kAd << 2;
  CHECK(error_of(supervisor_page.walk(Op::read, Mode::kernel)) == 0x21);
}

TEST_CASE("T26 an implicit supervisor access is not excused by AC, and is no user access at CPL 3") {
  const Request implicit{.va = kVa, .op = Op::read, .mode = Mode::user, .ac = true, .implicit = true};
  CHECK(error_of(x86(kSmap).walk(implicit)) == 0x1);
  CHECK(error_of(x86().walk(implicit)) == 0x10000);
  CHECK(error_of(x86(kSmap).walk(Op::read, Mode::kernel, false)) == 0x1);
  CHECK(error_of(x86(kSmap).walk(Op::read, Mode::kernel, true)) == 0x10000);
  Tables supervisor_page = x86(kSmap);
  supervisor_page.entry(1) &= ~u64{4};
  CHECK(error_of(supervisor_page.walk(implicit)) == 0x10000);
  CHECK(error_of(supervisor_page.walk(Op::read, Mode::user, true)) == 0x5);
}

TEST_CASE("T27 SMAP refuses a supervisor write to a user page also with WP = 0") {
  Tables tables = x86(kSmap);
  tables.entry(1) &= ~u64{2};
  CHECK(error_of(tables.walk(Op::write, Mode::kernel, false)) == 0x3);
  CHECK(error_of(tables.walk(Op::write, Mode::kernel, true)) == 0x10000);
}

TEST_CASE("T28 SMEP refuses the fetch through a translation that a WP = 0 write made") {
  Tables tables = x86();
  tables.entry(1) &= ~u64{2};
  const Outcome write = tables.walk(Op::write, Mode::kernel);
  REQUIRE(write.fault.code == Fault::none);
  const Request fetch{kVa, Op::fetch, Mode::kernel, false};
  CHECK(check_rights(Format::x86_64, {}, write.translation.rights, fetch, with(kSmep)).error == 0x11);
  CHECK(grants(Format::x86_64, {}, write.translation.rights, fetch, {}));
}

TEST_CASE("T29 WP, SMAP, AC and the mode act on a translation that exists") {
  const u16 read_only_user = kMayAll & ~1;
  const Request write{kVa, Op::write, Mode::kernel, false};
  CHECK(grants(Format::x86_64, {}, read_only_user, write, {}));
  CHECK(check_rights(Format::x86_64, {}, read_only_user, write, with(kWp)).error == 0x3);
  CHECK(check_rights(Format::x86_64, {}, read_only_user, write, with(kSmap)).error == 0x3);
  CHECK(grants(Format::x86_64, {}, read_only_user, {kVa, Op::write, Mode::kernel, true}, with(kSmap)));
  CHECK(check_rights(Format::x86_64, {}, kMayAll & ~2, {kVa, Op::read, Mode::user, false}, {}).error == 0x5);
  CHECK(grants(Format::x86_64, {}, kMayAll & ~2, {kVa, Op::read, Mode::kernel, false}, {}));
  // the walk leaves nothing of the controls in the rights
  for (u32 controls = 0; controls < 16; ++controls) {
    CHECK(x86(controls).walk(Op::read, Mode::user).translation.rights == kMayAll);
  }
}

TEST_CASE("T30 a read-modify-write is a write") {
  Tables tables = x86();
  tables.entry(1) &= ~u64{0x40};
  const Outcome got = tables.walk(Op::write, Mode::user);
  REQUIRE(got.writes.size() == 1);
  CHECK(got.writes[0].desired == (tables.entry(1) | 0x40));
  tables.entry(1) &= ~u64{2};
  CHECK(error_of(tables.walk(Op::write, Mode::user)) == 0x7);
}

TEST_CASE("T31 a user access to a supervisor page reports P and U") {
  Tables tables = x86(kNxe);
  tables.entry(1) &= ~u64{4};
  CHECK(error_of(tables.walk(Op::read, Mode::user)) == 0x5);
  CHECK(error_of(tables.walk(Op::write, Mode::user)) == 0x7);
  CHECK(error_of(tables.walk(Op::fetch, Mode::user)) == 0x15);
}

TEST_CASE("T31 the error code of a user access to a supervisor page has PK = 0, whatever the keys say") {
  for (const Op op : {Op::read, Op::write}) {
    Tables tables = keyed(kPke | kPks | kWp, kAd | kWd, kAd | kWd);
    tables.entry(1) &= ~u64{4};
    CHECK(error_of(tables.walk(op, Mode::user)) == (op == Op::write ? 0x7 : 0x5));
  }
}

TEST_CASE("T44 what the compare-and-swap leaves is judged with all checks") {
  const Request write{kVa, Op::write, Mode::user, false};
  const Judgement first = judge_entry(Format::x86_64, {}, 1, Tables::kFrame | 0x7, {}, write, {});
  REQUIRE(first.kind == Judgement::Kind::update);
  CHECK(first.desired == (Tables::kFrame | 0x67));
  // meanwhile another processor took the page away, or made it read-only
  CHECK(judge_entry(Format::x86_64, {}, 1, 0, {}, write, {}).fault.error == 0x6);
  CHECK(judge_entry(Format::x86_64, {}, 1, Tables::kFrame | 0x65, {}, write, {}).fault.error == 0x7);
}

TEST_CASE("T45 D is never written in an entry that is no leaf") {
  Tables tables = x86();
  for (unsigned level = 2; level <= 4; ++level) tables.entry(level) &= ~u64{0x60};
  const Outcome got = tables.walk(Op::write, Mode::user);
  REQUIRE(got.writes.size() == 3);
  for (const EntryWrite& write : got.writes) CHECK((write.expect ^ write.desired) == 0x20);
}

TEST_CASE("T47 the leaf keeps A clear when the access is refused, at every page size") {
  for (unsigned level = 1; level <= 3; ++level) {
    Tables tables = x86();
    if (level > 1) tables.entry(level) = kLarge;
    tables.entry(level) &= ~u64{0x62};
    const Outcome got = tables.walk(Op::write, Mode::user);
    CHECK(error_of(got) == 0x7);
    CHECK(got.writes.empty());
  }
}

TEST_CASE("T48 D is not set by a refused write, nor in a read-only entry by a read") {
  Tables tables = x86(kWp);
  tables.entry(1) &= ~u64{0x42};
  CHECK(tables.walk(Op::write, Mode::kernel).writes.empty());
  CHECK(tables.walk(Op::read, Mode::kernel).writes.empty());
}

TEST_CASE("T50 an entry that has its bits is not written") {
  CHECK(x86().walk(Op::write, Mode::user).writes.empty());
  CHECK(x86().walk(Op::fetch, Mode::user).writes.empty());
}

TEST_CASE("T73 an entry in two roles is updated once and read again as updated") {
  // Slot 511 of the root refers to the root: the address reaches each entry of the root as a page.
  constexpr u64 kRoot = 0x400000;
  constexpr u64 kSelf = kRoot + 8 * 511;
  std::map<u64, u64> memory{{kSelf, kRoot | 0x7}};
  const Outcome got = walk(Format::x86_64, {}, {.root = kRoot}, {~u64{0} - 7, Op::write, Mode::user, false},
                           [&](u64 pa) -> std::optional<u64> { return memory.at(pa); });
  REQUIRE(got.fault.code == Fault::none);
  CHECK(got.pa == kSelf);
  REQUIRE(got.writes.size() == 2);
  CHECK(got.writes[0].expect == (kRoot | 0x7));
  CHECK(got.writes[0].desired == (kRoot | 0x27));
  CHECK(got.writes[1].expect == (kRoot | 0x27));
  CHECK(got.writes[1].desired == (kRoot | 0x67));
}

TEST_CASE("T80 an entry of zero and a Linux swap entry are access violations") {
  for (const u64 entry : {u64{0}, u64{0x0000'1234'0000'0000}}) {
    for (const Op op : {Op::read, Op::write, Op::fetch}) {
      Tables tables = alpha();
      tables.entry(1) = entry;
      CHECK(tables.walk(op, Mode::user).fault.code == Fault::acv);
      CHECK(tables.walk(op, Mode::kernel).fault.code == Fault::acv);
    }
  }
}

TEST_CASE("T81 an invalid upper entry: TNV with KRE, ACV without, in user mode too") {
  for (unsigned level = 2; level <= 3; ++level) {
    for (const Mode mode : {Mode::kernel, Mode::user}) {
      Tables tables = alpha();
      tables.entry(level) = 0x100;
      CHECK(tables.walk(Op::write, mode).fault.code == Fault::tnv);
      tables.entry(level) = 0x3200;
      CHECK(tables.walk(Op::write, mode).fault.code == Fault::acv);
    }
  }
}

TEST_CASE("T82 a valid upper entry without KRE is followed") {
  Tables tables = alpha();
  tables.entry(3) &= ~u64{0x100};
  tables.entry(2) &= ~u64{0x100};
  CHECK(tables.walk(Op::read, Mode::kernel).fault.code == Fault::none);
}

TEST_CASE("T83 an invalid last entry without the right is an access violation") {
  Tables tables = alpha();
  tables.entry(1) = 0x1100;  // kernel enables only
  CHECK(tables.walk(Op::read, Mode::user).fault.code == Fault::acv);
  CHECK(tables.walk(Op::read, Mode::kernel).fault.code == Fault::tnv);
}

TEST_CASE("T84 an invalid entry never gives a fault-on fault") {
  Tables tables = alpha();
  tables.entry(1) = 0x330e;  // all enables, all FOx
  for (const Op op : {Op::read, Op::write, Op::fetch}) CHECK(tables.walk(op, Mode::user).fault.code == Fault::tnv);
}

TEST_CASE("T85 an access violation outranks fault on write") {
  Tables tables = alpha();
  tables.entry(1) = (tables.entry(1) & ~u64{0x2000}) | 4;
  CHECK(tables.walk(Op::write, Mode::user).fault.code == Fault::acv);
  CHECK(tables.walk(Op::write, Mode::kernel).fault.code == Fault::on_write);
}

TEST_CASE("T86 FOE set later does not act on a translation that exists") {
  Tables tables = alpha();
  const u16 kept = tables.walk(Op::fetch, Mode::user).translation.rights;
  tables.entry(1) |= 8;
  CHECK(grants(Format::alpha, {}, kept, {kAlphaVa, Op::fetch, Mode::user, false}, {}));
  CHECK(tables.walk(Op::fetch, Mode::user).fault.code == Fault::on_execute);
  CHECK(tables.walk(Op::read, Mode::user).fault.code == Fault::none);
}

TEST_CASE("T87 the user enables of the OSF layout are bits 9 and 13") {
  Tables tables = alpha();
  const u64 frame = tables.entry(1) & ~u64{0xffffffff};
  tables.entry(1) = frame | 0x2201;
  CHECK(tables.walk(Op::read, Mode::user).fault.code == Fault::none);
  CHECK(tables.walk(Op::write, Mode::user).fault.code == Fault::none);
  tables.entry(1) = frame | 0x8801;  // bits 11 and 15: the VMS layout's user
  CHECK(tables.walk(Op::read, Mode::user).fault.code == Fault::acv);
  CHECK(tables.walk(Op::write, Mode::user).fault.code == Fault::acv);
}

TEST_CASE("T87 the VMS layout has an enable for each mode: 8 and 12 kernel to 11 and 15 user") {
  for (unsigned mode = 0; mode < 4; ++mode) {
    for (unsigned bit = 8; bit < 16; ++bit) {
      Tables tables = alpha();
      tables.settings.vms = true;
      tables.entry(1) = (tables.entry(1) & ~u64{0xffff}) | 1 | u64{1} << bit;
      CHECK((tables.walk(Op::read, static_cast<Mode>(mode)).fault.code == Fault::none) == (bit == 8 + mode));
      CHECK((tables.walk(Op::write, static_cast<Mode>(mode)).fault.code == Fault::none) == (bit == 12 + mode));
    }
  }
}

TEST_CASE("T88 the sign check comes before superpages and page tables") {
  // VA<42:41> = 2 with a wrong sign is no superpage
  const Direct direct =
      before_tlb(Format::alpha, {}, {0x0000'0400'0012'3456, Op::read, Mode::kernel, false}, with(spe(3)));
  CHECK(direct.kind == Direct::Kind::fault);
  CHECK(direct.fault.code == Fault::acv);
  Tables tables = alpha();
  const Outcome got = tables.walk({kAlphaVa | u64{1} << 50, Op::read, Mode::kernel, false});
  CHECK(got.fault.code == Fault::acv);
  CHECK(got.steps.empty());
}

TEST_CASE("T90 a superpage is an access violation in every mode but kernel") {
  for (const Mode mode : {Mode::executive, Mode::supervisor, Mode::user}) {
    const Direct direct = before_tlb(Format::alpha, {}, {0xffff'fc00'0000'0000, Op::read, mode, false}, with(spe(2)));
    CHECK(direct.fault.code == Fault::acv);
  }
}

TEST_CASE("T91 the 21264's middle superpage extends PA<40>") {
  const Request request{0xffff'fd00'0000'0000, Op::read, Mode::kernel, false};
  CHECK(before_tlb(Format::alpha_x64, {}, request, with(spe(2))).pa == 0xf00'0000'0000);
}

TEST_CASE("T92 a granularity hint takes 3 GH frame bits from the address") {
  for (unsigned gh = 0; gh < 4; ++gh) {
    Tables tables = alpha();
    tables.entry(1) |= u64{gh} << 5;
    tables.entry(1) |= u64{0x1ff} << 32;  // frame bits inside the largest block
    const Outcome got = tables.walk(Op::read, Mode::user);
    const unsigned size = 13 + 3 * gh;
    const u64 frame = Tables::kFrame | u64{0x1ff} << 13;
    CHECK(got.translation.page_log2 == size);
    CHECK(got.pa == ((frame >> size << size) | (kAlphaVa & ((u64{1} << size) - 1))));
  }
}
