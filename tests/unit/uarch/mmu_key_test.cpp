// SPDX-License-Identifier: Apache-2.0
//
// Protection keys, implicit accesses and PGE in the whole MMU: what acts at the access is never answered from
// what an entry granted before (SDM 4.6.1, 4.6.2, 4.10.2.4; rtl/README.md, "TLB" and "Walker").
#include <vector>

#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;
using namespace kilburn::uarch::test::x86;
using namespace kilburn::uarch::test::control;
using arch::Format;
using arch::Mode;

namespace {

constexpr u64 kUser = 0x10'0000;    // user page, key 5
constexpr u64 kSystem = 0x20'0000;  // supervisor page, key 5
constexpr u32 kAd5 = 1u << 10, kWd5 = 1u << 11;
constexpr u32 kAllBut5 = ~(kAd5 | kWd5);

Rig keyed() {
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, kUser, 1, 0x9000 | kUserPage | key(5));
  rig.memory.set(rig.root, kSystem, 1, 0xa000 | kKernelPage | key(5));
  return rig;
}

}  // namespace

TEST_CASE("mmu key: T29 PKRU acts on the next access, hit or not, without a flush") {
  Rig rig = keyed();
  rig.in.ctx_ctl = kPke;
  CHECK(rig.load(kUser, Mode::user).rsp_pa == 0x9000);
  CHECK(rig.load(kUser, Mode::user).rsp_pa == 0x9000);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).rights == 0x5b);  // W U D, key 5
  CHECK(rig.count(event::D_HIT) == 1);
  rig.in.ctx_pkru = kAllBut5;  // the other fifteen keys do not count
  CHECK(rig.load(kUser, Mode::user).rsp_fault == 0);
  CHECK(rig.count(event::D_HIT) == 2);
  rig.in.ctx_pkru = kAd5;
  const ReqOut denied = rig.load(kUser, Mode::user);
  CHECK(denied.rsp_fault == 1);
  CHECK(denied.rsp_err == 0x25);  // P U PK
  CHECK(denied.rsp_level == 1);
  CHECK(rig.count(event::D_HIT) == 2);
  CHECK(rig.count(event::D_MISS) == 2);
  CHECK(rig.valid_entries(Structure::d_tlb) == 0);  // a page fault
  rig.in.ctx_pkru = 0;
  CHECK(rig.load(kUser, Mode::user).rsp_fault == 0);
  // Write disabled: reads go on hitting, and a write that has hit is denied.
  CHECK(rig.store(kUser, Mode::user).rsp_fault == 0);
  CHECK(rig.store(kUser, Mode::user).rsp_fault == 0);
  CHECK(rig.count(event::D_HIT) == 4);
  rig.in.ctx_pkru = kWd5;
  CHECK(rig.load(kUser, Mode::user).rsp_fault == 0);
  CHECK(rig.count(event::D_HIT) == 5);
  CHECK(rig.store(kUser, Mode::user).rsp_err == 0x27);  // P W U PK
  // Without PKE nothing of this counts.
  rig.in.ctx_pkru = ~0u;
  rig.in.ctx_ctl = 0;
  CHECK(rig.store(kUser, Mode::user).rsp_fault == 0);
  rig.in.ctx_ctl = kPks;
  CHECK(rig.store(kUser, Mode::user).rsp_fault == 0);
  CHECK(rig.count(event::D_HIT) == 6);
}

TEST_CASE("mmu key: T29 PKRS likewise") {
  Rig rig = keyed();
  rig.in.ctx_ctl = kPks;
  CHECK(rig.load(kSystem).rsp_pa == 0xa000);
  CHECK(rig.load(kSystem).rsp_pa == 0xa000);
  rig.in.ctx_pkrs = kAd5;
  CHECK(rig.load(kSystem).rsp_err == 0x21);  // P PK
  rig.in.ctx_pkrs = kAllBut5;
  CHECK(rig.load(kSystem).rsp_fault == 0);
  CHECK(rig.load(kSystem).rsp_fault == 0);
  CHECK(rig.count(event::D_HIT) == 2);
  rig.in.ctx_pkrs = kAd5;
  rig.in.ctx_ctl = kPke;
  CHECK(rig.load(kSystem).rsp_fault == 0);
}

TEST_CASE("mmu key: T22 keys do not count for fetches") {
  Rig rig = keyed();
  rig.in.ctx_ctl = kPke | kPks;
  rig.in.ctx_pkru = rig.in.ctx_pkrs = ~0u;
  for (unsigned n = 0; n < 2; ++n) {
    CHECK(rig.execute(kUser, Mode::user).rsp_pa == 0x9000);
    CHECK(rig.execute(kSystem).rsp_pa == 0xa000);
  }
  CHECK(rig.count(event::I_HIT) == 2);
}

TEST_CASE("mmu key: T23 the leaf's key counts, not the tables'") {
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, kUser, 1, 0x9000 | kUserPage | key(5), kTable | key(3));
  rig.in.ctx_ctl = kPke;
  rig.in.ctx_pkru = kAllBut5;
  CHECK(rig.load(kUser, Mode::user).rsp_fault == 0);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).rights == 0x5b);
}

TEST_CASE("mmu key: T24 WD binds the supervisor with WP only") {
  Rig rig = keyed();
  rig.in.ctx_ctl = kPke | kPks;
  rig.in.ctx_pkru = rig.in.ctx_pkrs = kWd5;
  for (const u64 va : {kUser, kSystem}) {
    CHECK(rig.store(va).rsp_fault == 0);
    CHECK(rig.store(va).rsp_fault == 0);
  }
  CHECK(rig.count(event::D_HIT) == 2);
  rig.in.ctx_ctl |= kWp;
  for (const u64 va : {kUser, kSystem}) CHECK(rig.store(va).rsp_err == 0x23);  // P W PK
}

TEST_CASE("mmu key: T25 the page chooses the register, not who asks") {
  Rig rig = keyed();
  rig.in.ctx_ctl = kPke | kPks;
  rig.in.ctx_pkru = kAd5;
  CHECK(rig.load(kUser).rsp_err == 0x21);
  CHECK(rig.load(kSystem).rsp_fault == 0);
  rig.in.ctx_pkru = 0;
  rig.in.ctx_pkrs = kAd5;
  CHECK(rig.load(kUser).rsp_fault == 0);
  CHECK(rig.load(kSystem).rsp_err == 0x21);
}

TEST_CASE("mmu key: T21 PK is told whatever else denies, T31 not to a user at a supervisor page") {
  Rig rig = keyed();
  rig.in.ctx_ctl = kPke | kPks | kSmap;
  rig.in.ctx_pkru = rig.in.ctx_pkrs = kAd5;
  CHECK(rig.load(kUser).rsp_err == 0x21);                 // SMAP and the key
  CHECK(rig.load(kSystem, Mode::user).rsp_err == 0x05);   // P U
  CHECK(rig.store(kSystem, Mode::user).rsp_err == 0x07);  // P W U
  rig.memory.set(rig.root, kUser, 1, 0x9000 | (kUserPage & ~kRw) | key(5));
  CHECK(rig.store(kUser, Mode::user).rsp_err == 0x27);  // read-only and the key
  rig.in.ctx_pkru = 0;
  CHECK(rig.store(kUser, Mode::user).rsp_err == 0x07);
  // Lines 1 and 2 of the judgement come before any key.
  rig.in.ctx_pkru = ~0u;
  rig.memory.set(rig.root, kUser, 1, 0x9000 | kUserPage | key(5) | u64{1} << 51);
  CHECK(rig.load(kUser, Mode::user).rsp_err == 0x0d);  // P U RSVD
  rig.memory.set(rig.root, kUser, 1, key(5));
  CHECK(rig.load(kUser, Mode::user).rsp_err == 0x04);
}

TEST_CASE("mmu key: a denied leaf is not marked accessed") {
  Rig rig(Format::x86_64);
  const u64 leaf = 0x9000 | kP | kRw | kUs | key(5);
  rig.memory.set(rig.root, kUser, 1, leaf);
  rig.in.ctx_ctl = kPke;
  rig.in.ctx_pkru = kAd5;
  CHECK(rig.load(kUser, Mode::user).rsp_err == 0x25);
  CHECK(rig.count(event::MEM_CAS) == 0);
  CHECK(rig.memory.read(rig.memory.address(rig.root, kUser, 1)) == leaf);
}

TEST_CASE("mmu key: T26 an implicit access is the supervisor's whatever the mode, and AC does not excuse it") {
  Rig rig = keyed();
  rig.in.ctx_ctl = kSmap;
  rig.in.d.ac = 1;
  CHECK(rig.load(kUser).rsp_fault == 0);
  CHECK(rig.load(kUser).rsp_fault == 0);
  CHECK(rig.count(event::D_HIT) == 1);
  rig.in.d.implicit = 1;                  // all else as it was granted
  CHECK(rig.load(kUser).rsp_err == 0x1);  // P
  CHECK(rig.count(event::D_HIT) == 1);
  CHECK(rig.load(kUser, Mode::user).rsp_err == 0x1);   // no U: not a user access
  CHECK(rig.store(kUser, Mode::user).rsp_err == 0x3);  // P W
  rig.in.ctx_ctl = 0;
  CHECK(rig.load(kUser, Mode::user).rsp_fault == 0);
  CHECK(rig.load(kSystem, Mode::user).rsp_pa == 0xa000);
  CHECK(rig.load(kSystem, Mode::user).rsp_pa == 0xa000);
  CHECK(rig.count(event::D_HIT) == 2);
  rig.in.d.implicit = 0;
  CHECK(rig.load(kSystem, Mode::user).rsp_err == 0x5);  // the same pins but for one: a user access
}

TEST_CASE("mmu key: T26 an implicit access in user mode obeys PKRS and WP as the supervisor does") {
  Rig rig = keyed();
  rig.in.d.implicit = 1;
  rig.in.ctx_ctl = kPke | kPks;
  rig.in.ctx_pkru = rig.in.ctx_pkrs = kWd5;
  CHECK(rig.store(kUser, Mode::user).rsp_fault == 0);
  CHECK(rig.store(kSystem, Mode::user).rsp_fault == 0);
  rig.in.ctx_ctl |= kWp;
  CHECK(rig.store(kUser, Mode::user).rsp_err == 0x23);
  CHECK(rig.store(kSystem, Mode::user).rsp_err == 0x23);
}

TEST_CASE("mmu key: the instruction port does not look at implicit, the Alpha formats neither") {
  Rig rig = keyed();
  rig.in.i.implicit = 1;
  CHECK(rig.execute(kSystem, Mode::user).rsp_err == 0x5);  // P U: a user fetch (no I/D without NXE and SMEP)
  Rig other(Format::alpha);
  other.memory.set(other.root, 0x2000, 1, test::alpha::pfn(7) | test::alpha::kV | test::alpha::kKre);
  other.in.d.implicit = 1;
  CHECK(other.load(0x2000, Mode::user).rsp_fault == 9);
  CHECK(other.load(0x2000).rsp_fault == 0);
  CHECK(other.load(0x2000).rsp_fault == 0);
  other.in.d.implicit = 0;
  other.in.ctx_pkru = other.in.ctx_pkrs = ~0u;
  other.in.ctx_ctl = kPke | kPks;  // nor at keys
  CHECK(other.load(0x2000).rsp_fault == 0);
  CHECK(other.count(event::D_HIT) == 2);
}

TEST_CASE("mmu key: T104 PKRU and PKRS belong to the request from its acceptance") {
  Rig rig = keyed();
  rig.memory.set(rig.root, kUser + 0x1000, 1, 0xb000 | kUserPage | key(5));
  rig.in.ctx_ctl = kPke | kPks;
  rig.data(kSystem, false, Mode::kernel, 1);  // to the slot
  rig.in.ctx_pkru = kAd5;
  rig.in.ctx_pkrs = kAd5;
  rig.data(kUser, false, Mode::user, 2);  // to the wait register
  rig.in.ctx_pkru = 0;
  rig.ticks(40);
  REQUIRE(rig.d_responses.size() == 2);
  CHECK(rig.d_responses[0].pins.rsp_pa == 0xa000);
  CHECK(rig.d_responses[1].pins.rsp_id == 2);
  CHECK(rig.d_responses[1].pins.rsp_err == 0x25);
}

// Under PGE = 0 the G bit makes no global entry; what is cached keeps the meaning that it was filled with.
TEST_CASE("mmu key: PGE makes entries global when they are filled, not when they are used") {
  Rig rig(Format::x86_64);
  rig.memory.set(rig.root, kUser, 1, 0x9000 | kUserPage | kG);
  rig.in.ctx_asid = 1;
  CHECK(rig.load(kUser).rsp_global == 0);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).global == 0);
  rig.in.ctx_ctl = kPge;
  CHECK(rig.load(kUser).rsp_global == 0);  // a hit of the entry as it is
  CHECK(rig.count(event::D_HIT) == 1);
  rig.in.ctx_asid = 2;
  CHECK(rig.load(kUser).rsp_global == 1);  // a walk
  REQUIRE(rig.valid_entries(Structure::d_tlb) == 2);
  CHECK(rig.mmu->entry(Structure::d_tlb, 1).global == 1);
  rig.in.ctx_ctl = 0;
  rig.in.ctx_asid = 3;
  CHECK(rig.load(kUser).rsp_global == 1);  // entry 1 matches every address space, PGE or not
  CHECK(rig.count(event::D_HIT) == 2);
  rig.in.ctx_asid = 1;
  CHECK(rig.load(kUser).rsp_global == 0);  // both match: walked, and filled without PGE over the lower
  CHECK(rig.count(event::D_MULTI) == 1);
  CHECK(rig.valid_entries(Structure::d_tlb) == 1);
  CHECK(rig.mmu->entry(Structure::d_tlb, 0).global == 0);
  rig.invalidated(inv::NONGLOBAL);
  CHECK(rig.valid_entries(Structure::d_tlb) == 0);
}
