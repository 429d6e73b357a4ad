// SPDX-License-Identifier: Apache-2.0
//
// What acts at the access and is no part of a translation: controls, AC, implicit, PKRU and PKRS, on the walk, on
// the hit path and on direct memory that was granted before.
#include "tests/unit/tlm/platform.h"

namespace kilburn::tlm::test {
namespace {

constexpr u64 kUserPage = 0x1000, kSupervisorPage = 0x2000, kReadOnly = 0x3000;
constexpr Who kUser{Op::read, Mode::user};
constexpr Who kUserFetch{Op::fetch, Mode::user};
constexpr u32 kKeys = kUsual | kPKE | kPKS;
// PKRU and PKRS: key k has AD in bit 2k, WD in bit 2k + 1 (SDM 4.6.2).
constexpr u32 access_disable(unsigned k) { return u32{1} << (2 * k); }
constexpr u32 write_disable(unsigned k) { return u32{2} << (2 * k); }

// A user page of key 3, a supervisor page of key 5, a read-only user page of key 15.
void map_keyed(Platform& p) {
  p.tables.map(kUserPage, 0x800000, kUsed | kD | key(3));
  p.tables.map(kSupervisorPage, 0x801000, kP | kRW | kA | kD | key(5));
  p.tables.map(kReadOnly, 0x802000, kP | kUS | kA | key(15));
}

// The error code of a page fault, or 0. SDM 4.7: P 1, W 2, U 4, RSVD 8, I/D 16, PK 32.
unsigned error_of(const Reply& reply) {
  if (reply.ok()) return 0;
  CHECK(reply.fault.code == Fault::page);
  return reply.fault.error;
}

}  // namespace

TEST_CASE("T21 to T25, T31: protection keys and their error codes") {
  Platform p;
  map_keyed(p);
  u64 word = 0;
  for (int repeat = 0; repeat < 3; ++repeat) {
    p.use(0, kKeys, access_disable(3) | access_disable(15), access_disable(5));
    CHECK(error_of(p.read(kUserPage, word, kUser)) == 0x25);
    CHECK(error_of(p.read(kUserPage, word)) == 0x21);  // the page decides, not who asks
    CHECK(error_of(p.write(kUserPage, 1, kUser)) == 0x27);
    CHECK(error_of(p.read(kUserPage, word, kUserFetch)) == 0);      // T22
    CHECK(error_of(p.write(kReadOnly, 1, kUser)) == 0x27);          // T21: PK beside the R/W violation
    CHECK(error_of(p.read(kSupervisorPage, word)) == 0x21);         // T25: PKRS
    CHECK(error_of(p.read(kSupervisorPage, word, kUser)) == 0x05);  // T31: no PK
    p.use(0, kKeys, write_disable(3), write_disable(5));
    CHECK(error_of(p.read(kUserPage, word, kUser)) == 0);
    CHECK(error_of(p.write(kUserPage, 1, kUser)) == 0x27);
    CHECK(error_of(p.write(kUserPage, 1)) == 0x23);
    CHECK(error_of(p.write(kSupervisorPage, 1)) == 0x23);
    p.use(0, kKeys & ~kWP, write_disable(3), write_disable(5));  // T24
    CHECK(error_of(p.write(kUserPage, 1)) == 0);
    CHECK(error_of(p.write(kSupervisorPage, 1)) == 0);
    CHECK(error_of(p.write(kUserPage, 1, kUser)) == 0x27);
    p.use(0, kUsual, ~0U, ~0U);  // neither PKE nor PKS
    CHECK(error_of(p.write(kUserPage, 1, kUser)) == 0);
    CHECK(error_of(p.write(kSupervisorPage, 1)) == 0);
  }
  // T23: only the leaf's key counts.
  p.memory.store64(p.tables.entry(kUserPage, 2), p.memory.load64(p.tables.entry(kUserPage, 2)) | key(9));
  p.mmu.invalidate(Invalidate::all);
  p.use(0, kKeys, access_disable(9));
  CHECK(error_of(p.read(kUserPage, word, kUser)) == 0);
}

TEST_CASE("T29: PKRU and PKRS act at once on pages that are held, and no walk is needed") {
  Platform p;
  map_keyed(p);
  u64 word = 0;
  p.use(0, kKeys);
  for (int twice = 0; twice < 2; ++twice) {
    CHECK(p.write(kUserPage, 42, kUser).ok());
    CHECK(p.write(kSupervisorPage, 43).ok());
    CHECK(p.read(kUserPage, word, kUser).ok());
  }
  const u64 walks = p.mmu.counters().walks;
  for (unsigned n = 0; n < 40; ++n) {
    // Registers that deny other keys, or only writes: what is held still answers.
    p.use(0, kKeys, n % 2 == 0 ? write_disable(3) : access_disable(4 + n % 10), n % 3 == 0 ? write_disable(5) : 0);
    CHECK(p.get(kUserPage, kUser) == 42);
    CHECK(p.get(kSupervisorPage) == 43);
  }
  CHECK(p.mmu.counters().walks == walks);
  // Each refusal is a page fault, which walks and lets the translation go (SDM 4.10.4.1).
  for (int repeat = 0; repeat < 4; ++repeat) {
    p.use(0, kKeys, access_disable(3));
    CHECK(error_of(p.read(kUserPage, word, kUser)) == 0x25);
    CHECK(p.get(kSupervisorPage) == 43);
    p.use(0, kKeys);
    CHECK(p.get(kUserPage, kUser) == 42);
    p.use(0, kKeys, 0, access_disable(5));
    CHECK(p.get(kUserPage, kUser) == 42);
    CHECK(error_of(p.read(kSupervisorPage, word)) == 0x21);
    p.use(0, kKeys);
  }
}

TEST_CASE("T29: the hit path judges each of more contexts than it can number") {
  Platform p;
  map_keyed(p);
  u64 word = 0;
  p.use(0, kKeys);
  CHECK(p.write(kUserPage, 42, kUser).ok());
  u64 refused = 0;
  for (u32 n = 0; n < 3 * ContextTags::kTags; ++n) {
    // Every value is new; key 3's AD comes and goes.
    const u32 pkru = (n << 8) | (n % 7 == 0 ? access_disable(3) : 0);
    p.use(static_cast<u16>(n % 5), kKeys, pkru);
    const Reply reply = p.read(kUserPage, word, kUser);
    if (reply.ok() == (n % 7 == 0)) FAIL("context " << n);
    refused += reply.ok() ? 0 : 1;
  }
  CHECK(refused == (3 * ContextTags::kTags + 6) / 7);
}

TEST_CASE("T29: a number that is given again brings nothing back from the context that had it") {
  Platform p;
  constexpr unsigned kPages = 64;
  const auto page = [](unsigned n) { return 0x10'0000 + u64{n} * 0x1000; };
  for (unsigned n = 0; n < kPages; ++n) p.tables.map(page(n), 0x800000 + u64{n} * 0x1000, kUsed | kD | key(3));
  u64 word = 0;
  p.use(0, kKeys, 0);
  for (int twice = 0; twice < 2; ++twice) {
    for (unsigned n = 0; n < kPages; ++n) CHECK(p.read(page(n), word, kUser).ok());
  }
  // Contexts that touch nothing, then some that deny key 3, around where the numbers come round.
  for (unsigned n = 0; n < ContextTags::kTags - kPages / 2; ++n) p.use(0, kKeys, (n + 1) << 8);
  for (unsigned n = 0; n < kPages; ++n) {
    p.use(0, kKeys, (n + ContextTags::kTags) << 8 | access_disable(3));
    if (p.read(page(n), word, kUser).ok()) FAIL("page " << n);
  }
}

TEST_CASE("T26, T27: an implicit access is a supervisor's, and AC does not excuse it") {
  Platform p;
  map_keyed(p);
  u64 word = 0;
  p.use(0, kUsual | kSMAP);
  for (int repeat = 0; repeat < 3; ++repeat) {
    CHECK(error_of(p.read(kUserPage, word, {Op::read, Mode::user, false, false})) == 0);
    CHECK(error_of(p.read(kUserPage, word, {Op::read, Mode::user, true, true})) == 1);
    CHECK(error_of(p.read(kUserPage, word, {Op::read, Mode::kernel, true, true})) == 1);
    CHECK(error_of(p.read(kUserPage, word, {Op::read, Mode::kernel, true, false})) == 0);
    CHECK(error_of(p.read(kSupervisorPage, word, {Op::read, Mode::user, false, true})) == 0);
    CHECK(error_of(p.read(kSupervisorPage, word, {Op::read, Mode::user, false, false})) == 5);
    CHECK(error_of(p.write(kUserPage, 1, {Op::read, Mode::user, true, true})) == 3);
    p.use(0, (kUsual | kSMAP) & ~kWP);
    CHECK(error_of(p.write(kReadOnly, 1)) == 3);  // T27: WP = 0 is no leave for SMAP
    p.use(0, kUsual | kSMAP);
  }
}

TEST_CASE("T28: a page that WP = 0 made writable is not executable under SMEP") {
  Platform p;
  map_keyed(p);
  u64 word = 0;
  p.use(0, (kUsual | kSMEP) & ~kWP);
  CHECK(error_of(p.write(kReadOnly, 1)) == 0);
  CHECK(error_of(p.read(kReadOnly, word, {Op::fetch, Mode::kernel})) == 0x11);
  p.use(0, kUsual | kSMEP);
  CHECK(error_of(p.write(kReadOnly, 1)) == 3);
}

namespace {

bool taken_back(const Initiator& cpu, u64 va) {
  for (const auto& [first, last] : cpu.invalidated) {
    if (first <= va && va <= last) return true;
  }
  return false;
}

// Grants for both pages, then a change of the registers; which of the grants are taken back (bit 0 user page).
template <class P>
unsigned taken_by(P& p, u32 pkru, u32 pkrs, ::tlm::tlm_command command = ::tlm::TLM_READ_COMMAND) {
  p.use(0, kKeys);
  ::tlm::tlm_dmi dmi;
  REQUIRE(p.cpu.direct(command, kUserPage, dmi, kUser));
  REQUIRE(p.cpu.direct(command, kSupervisorPage, dmi));
  p.cpu.invalidated.clear();
  p.use(0, kKeys, pkru, pkrs);
  return (taken_back(p.cpu, kUserPage) ? 1U : 0U) | (taken_back(p.cpu, kSupervisorPage) ? 2U : 0U);
}

class ForgetfulMmu : public Mmu {
 public:
  using Mmu::Mmu;

 protected:
  void revoke(const VirtualGrants::Ranges&) override {}
};

}  // namespace

TEST_CASE("direct memory respects protection keys") {
  Platform p;
  map_keyed(p);
  ::tlm::tlm_dmi dmi;
  p.use(0, kKeys, access_disable(3), write_disable(5));
  CHECK_FALSE(p.cpu.direct(::tlm::TLM_READ_COMMAND, kUserPage, dmi, kUser));
  REQUIRE(p.cpu.direct(::tlm::TLM_READ_COMMAND, kUserPage, dmi, kUserFetch));
  REQUIRE(p.cpu.direct(::tlm::TLM_READ_COMMAND, kSupervisorPage, dmi));
  CHECK_FALSE(dmi.is_write_allowed());
  CHECK_FALSE(p.cpu.direct(::tlm::TLM_WRITE_COMMAND, kSupervisorPage, dmi));
  p.use(0, kKeys | kSMAP);
  CHECK_FALSE(p.cpu.direct(::tlm::TLM_READ_COMMAND, kUserPage, dmi, {Op::read, Mode::user, true, true}));
  CHECK(p.cpu.direct(::tlm::TLM_READ_COMMAND, kUserPage, dmi, {Op::read, Mode::kernel, true, false}));
}

TEST_CASE("a change of PKRU or PKRS takes back the direct memory that it denies, and no other") {
  Platform p;
  map_keyed(p);
  CHECK(taken_by(p, 0, 0) == 0);
  CHECK(taken_by(p, access_disable(3), 0) == 1);
  CHECK(taken_by(p, write_disable(3), 0) == 1);  // the grant was for writing too
  CHECK(taken_by(p, 0, access_disable(5)) == 2);
  CHECK(taken_by(p, access_disable(3), write_disable(5)) == 3);
  CHECK(taken_by(p, ~(access_disable(3) | write_disable(3)), ~(access_disable(5) | write_disable(5))) == 0);
  CHECK(taken_by(p, access_disable(5), access_disable(3)) == 0);  // each register its own pages
  // A fetch is no concern of keys.
  p.use(0, kKeys);
  ::tlm::tlm_dmi dmi;
  p.mmu.invalidate(Invalidate::all);
  REQUIRE(p.cpu.direct(::tlm::TLM_READ_COMMAND, kUserPage, dmi, kUserFetch));
  p.cpu.invalidated.clear();
  p.use(0, kKeys, ~0U, ~0U);
  CHECK(p.cpu.invalidated.empty());
  // Two initiators' grants of one page: the user's goes although the kernel may write with WP = 0.
  p.use(0, kKeys & ~kWP);
  REQUIRE(p.cpu.direct(::tlm::TLM_WRITE_COMMAND, kUserPage, dmi, kUser));
  REQUIRE(p.cpu.direct(::tlm::TLM_WRITE_COMMAND, kUserPage, dmi));
  p.cpu.invalidated.clear();
  p.use(0, kKeys & ~kWP, write_disable(3));
  CHECK(taken_back(p.cpu, kUserPage));
}

TEST_CASE("the check of direct memory and keys bites: an Mmu that forgets is seen") {
  PlatformOf<ForgetfulMmu> p;
  p.tables.map(kUserPage, 0x800000, kUsed | kD | key(3));
  p.tables.map(kSupervisorPage, 0x801000, kP | kRW | kA | kD | key(5));
  CHECK(taken_by(p, access_disable(3), 0) != 1);
  CHECK(taken_by(p, 0, access_disable(5)) != 2);
}

}  // namespace kilburn::tlm::test
