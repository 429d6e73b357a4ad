// SPDX-License-Identifier: Apache-2.0
//
// x86-64: every combination of effective rights, access, privilege and controls, and every bit of every entry,
// against a reading of SDM 4.5 to 4.8 that shares nothing with the model.
#include <vector>

#include "tests/catch.h"
#include "tests/unit/arch/tables.h"

namespace {

using namespace kilburn::tb;

constexpr u64 kVa = 0x00007654'3210'f678;

struct Condition {
  bool w, u, nx;  // effective
  Op op;
  bool user;  // access
  bool wp, smep, smap, ac, nxe;

  u32 controls() const { return (wp ? kWp : 0) | (nxe ? kNxe : 0) | (smep ? kSmep : 0) | (smap ? kSmap : 0); }
  Request request() const { return {kVa, op, user ? Mode::user : Mode::kernel, ac}; }
};

// All 3 x 2^9 of them.
template <class Use>
void for_every_condition(Use&& use) {
  for (const Op op : {Op::read, Op::write, Op::fetch}) {
    for (unsigned bits = 0; bits < 512; ++bits) {
      const auto bit = [&](unsigned n) { return (bits >> n & 1) != 0; };
      use(Condition{bit(0), bit(1), bit(2), op, bit(3), bit(4), bit(5), bit(6), bit(7), bit(8)});
    }
  }
}

// SDM 4.6.1, sentence by sentence; XD = 1 with NXE = 0 never comes so far.
bool sdm_allows(const Condition& c) {
  if (c.user) {
    if (!c.u) return false;  // "Accesses using supervisor-mode addresses are not allowed" to user mode
    switch (c.op) {
      case Op::read:
        return true;
      case Op::write:
        return c.w;
      case Op::fetch:
        return !c.nx;
    }
  }
  const bool smap_permits = !c.smap || c.ac;
  switch (c.op) {
    case Op::read:
      return c.u ? smap_permits : true;
    case Op::write:
      if (!c.wp) return c.u ? smap_permits : true;
      return c.u ? smap_permits && c.w : c.w;
    case Op::fetch:
      return c.u ? !c.smep && !c.nx : !c.nx;
  }
  return false;
}

// SDM 4.7, bits as numbers: W 2, U 4, I/D 16.
u16 access_bits(const Condition& c) {
  u16 error = 0;
  if (c.op == Op::write) error |= 2;
  if (c.user) error |= 4;
  if (c.op == Op::fetch && (c.nxe || c.smep)) error |= 16;
  return error;
}

constexpr u64 kRw = 2, kUs = 4, kNx = u64{1} << 63;

// The right is taken away at one level, `at`; 0 takes nothing.
void deny(Tables& tables, unsigned at, u64 cleared, u64 set) {
  if (at != 0) tables.entry(at) = (tables.entry(at) & ~cleared) | set;
}

}  // namespace

TEST_CASE("x86-64 rights: every combination, the right missing at every level") {
  // Allowed cases, counted by hand from SDM 4.6.1: W x U x (NX, NXE) in 3 legal pairs x WP SMEP SMAP AC = 192 each.
  unsigned allowed[2][3] = {};
  unsigned checked = 0;
  for_every_condition([&](const Condition& c) {
    if (c.nx && !c.nxe) return;
    if (sdm_allows(c)) ++allowed[c.user][static_cast<unsigned>(c.op)];
    for (unsigned w_at = c.w ? 0 : 1; w_at <= (c.w ? 0u : 4u); ++w_at) {
      for (unsigned u_at = c.u ? 0 : 1; u_at <= (c.u ? 0u : 4u); ++u_at) {
        for (unsigned nx_at = c.nx ? 1 : 0; nx_at <= (c.nx ? 4u : 0u); ++nx_at) {
          Tables tables(Format::x86_64, kVa);
          deny(tables, w_at, kRw, 0);
          deny(tables, u_at, kUs, 0);
          deny(tables, nx_at, 0, kNx);
          tables.context.controls = c.controls();
          const Outcome got = tables.walk(c.request());
          ++checked;
          const bool allow = sdm_allows(c);
          const u16 error = allow ? u16{0} : static_cast<u16>(1 | access_bits(c));
          if ((got.fault.code == Fault::none) != allow || got.fault.error != error ||
              (!allow && (got.fault.code != Fault::page || got.fault.level != 1)) ||
              (allow && got.pa != (Tables::kFrame | 0x678)) || !got.writes.empty()) {
            INFO("w " << w_at << " u " << u_at << " nx " << nx_at << " op " << name(c.op) << " user " << c.user
                      << " wp " << c.wp << " smep " << c.smep << " smap " << c.smap << " ac " << c.ac << " nxe "
                      << c.nxe << ": rule " << got.fault.rule << " error " << got.fault.error);
            FAIL("differs from SDM 4.6.1");
          }
        }
      }
    }
  });
  CHECK(allowed[1][0] == 96);
  CHECK(allowed[1][1] == 48);
  CHECK(allowed[1][2] == 64);
  CHECK(allowed[0][0] == 168);
  CHECK(allowed[0][1] == 126);
  CHECK(allowed[0][2] == 96);
  // 6 (op, privilege) x 16 (WP SMEP SMAP AC) x (1 + 4) (W) x (1 + 4) (U) x (1 + 1 + 4) (NX, NXE)
  CHECK(checked == 6 * 16 * 5 * 5 * 6);
}

TEST_CASE("x86-64 rights: check_rights and grants say what the walk says") {
  unsigned checked = 0;
  for_every_condition([&](const Condition& c) {
    const auto rights = static_cast<u16>((c.w ? 1 : 0) | (c.u ? 2 : 0) | (c.nx ? 4 : 0));
    Condition effective = c;
    effective.nx = c.nx && c.nxe;  // a translation outlives a change of NXE; NX counts with NXE only
    const FaultReport got = check_rights(Format::x86_64, rights, c.request(), c.controls());
    const bool allow = sdm_allows(effective);
    ++checked;
    if ((got.code == Fault::none) != allow || got.error != (allow ? 0 : (1 | access_bits(c))) || got.level != 0 ||
        grants(Format::x86_64, rights, c.request(), c.controls()) != allow) {
      FAIL("rights " << rights << " controls " << c.controls() << " op " << name(c.op) << " user " << c.user);
    }
  });
  CHECK(checked == 3 * 512);
}

TEST_CASE("x86-64: not present and reserved come first, with exact error codes, at every level") {
  for_every_condition([&](const Condition& c) {
    for (unsigned level = 1; level <= 4; ++level) {
      Tables tables(Format::x86_64, kVa);
      deny(tables, level, (c.w ? 0 : kRw) | (c.u ? 0 : kUs), c.nx ? kNx : 0);
      tables.context.controls = c.controls();
      if (!c.nx || c.nxe) {
        tables.entry(level) |= u64{1} << 45;  // above MAXPHYADDR 40
      }
      const Outcome reserved = tables.walk(c.request());
      tables.entry(level) &= ~u64{1};
      const Outcome absent = tables.walk(c.request());
      if (reserved.fault.code != Fault::page || reserved.fault.error != (9 | access_bits(c)) ||
          reserved.fault.level != level || absent.fault.code != Fault::page || absent.fault.error != access_bits(c) ||
          absent.fault.level != level || !reserved.writes.empty() || !absent.writes.empty() ||
          absent.steps.size() != 5 - level) {
        FAIL("level " << level << " op " << name(c.op) << " controls " << c.controls() << " errors "
                      << reserved.fault.error << ", " << absent.fault.error);
      }
    }
  });
}

namespace {

// Reserved bits of an entry (SDM tables 4-15 to 4-20), by kind of entry and MAXPHYADDR.
bool sdm_reserved(unsigned level, bool large, unsigned bit, unsigned pa_width, bool nxe) {
  if (bit == 63) return !nxe;
  if (bit >= pa_width && bit <= 51) return true;
  if (level == 4) return bit == 7;
  if (level == 3 && large) return bit >= 13 && bit <= 29;
  if (level == 2 && large) return bit >= 13 && bit <= 20;
  return false;
}

}  // namespace

TEST_CASE("x86-64 reserved bits: every bit of every kind of entry") {
  unsigned reserved = 0;
  for (const unsigned pa_width : {32u, 36u, 40u, 46u, 51u, 52u}) {
    for (const bool nxe : {false, true}) {
      for (unsigned level = 1; level <= 4; ++level) {
        for (const bool large : {false, true}) {
          if (large && (level == 1 || level == 4)) continue;
          for (unsigned bit = 1; bit < 64; ++bit) {
            if (bit == 7 && (level == 2 || level == 3)) continue;  // chooses the kind
            Tables tables(Format::x86_64, kVa);
            tables.settings.pa_width = static_cast<u8>(pa_width);
            tables.context.controls = nxe ? kNxe : 0;
            if (large) tables.entry(level) = Tables::kFrame | 0xe7;
            const u64 entry = tables.entry(level) | u64{1} << bit;
            // One entry judged by itself: a changed frame must not send a walk elsewhere.
            const Judgement got = judge_entry(Format::x86_64, tables.settings, level, entry, {},
                                              {kVa, Op::read, Mode::kernel, false}, tables.context.controls);
            const bool expected = sdm_reserved(level, large, bit, pa_width, nxe);
            reserved += expected;
            const bool is = got.kind == Judgement::Kind::fault && got.fault.error == 9 && got.fault.level == level;
            if (is != expected) {
              FAIL("level " << level << " large " << large << " bit " << bit << " pa_width " << pa_width);
            }
            // and the walk decides it the same way
            tables.entry(level) = entry;
            const Outcome walked = tables.walk(Op::read, Mode::kernel);
            if (expected != (walked.fault.code == Fault::page && walked.fault.error == 9)) {
              FAIL("walk, level " << level << " large " << large << " bit " << bit << " pa_width " << pa_width);
            }
          }
        }
      }
    }
  }
  // 6 kinds: (52 - pa_width) bits each, XD without NXE, and 1 + 17 + 8 bits of their own
  CHECK(reserved == 2 * 6 * (20 + 16 + 12 + 6 + 1 + 0) + 6 * 6 + 12 * (1 + 17 + 8));
}

TEST_CASE("x86-64: page sizes, frames, memory types, global") {
  struct Kind {
    unsigned level;
    u64 entry;
    unsigned page_log2;
    u64 pat;
  };
  for (const Kind& kind : {Kind{1, Tables::kFrame | 0x67, 12, u64{1} << 7}, Kind{2, Tables::kFrame | 0xe7, 21, 1 << 12},
                           Kind{3, Tables::kFrame | 0xe7, 30, 1 << 12}}) {
    for (unsigned bits = 0; bits < 16; ++bits) {
      const bool pwt = bits & 1, pcd = bits & 2, pat = bits & 4, global = bits & 8;
      Tables tables(Format::x86_64, kVa);
      tables.entry(kind.level) =
          kind.entry | (pwt ? 8 : 0) | (pcd ? 16 : 0) | (pat ? kind.pat : 0) | (global ? 256 : 0);
      const Outcome got = tables.walk(Op::write, Mode::user);
      CHECK(got.fault.code == Fault::none);
      CHECK(got.translation.page_log2 == kind.page_log2);
      CHECK(got.translation.pa == Tables::kFrame);
      CHECK(got.pa == Tables::kFrame + (kVa & ((u64{1} << kind.page_log2) - 1)));
      CHECK(got.translation.global == global);
      CHECK(got.translation.memory_type == (bits & 7));
      CHECK(got.translation.rights == 0b1011);
      CHECK(got.steps.size() == 5 - kind.level);
    }
  }
}

TEST_CASE("x86-64 accessed and dirty: every combination of A and D over the levels") {
  for (unsigned bits = 0; bits < 32; ++bits) {  // A of levels 1 to 4, D of the leaf
    for (const Op op : {Op::read, Op::write, Op::fetch}) {
      for (unsigned leaf_level = 1; leaf_level <= 3; ++leaf_level) {
        Tables tables(Format::x86_64, kVa);
        if (leaf_level > 1) tables.entry(leaf_level) = Tables::kFrame | 0xe7;
        for (unsigned level = leaf_level; level <= 4; ++level) {
          if ((bits >> (level - 1) & 1) == 0) tables.entry(level) &= ~u64{0x20};
        }
        const bool dirty = bits & 16;
        if (!dirty) tables.entry(leaf_level) &= ~u64{0x40};
        const Outcome got = tables.walk(op, Mode::user);
        REQUIRE(got.fault.code == Fault::none);
        CHECK(got.pa == Tables::kFrame + (kVa & ((u64{1} << got.translation.page_log2) - 1)));
        // SDM 4.8: A wherever it was clear, D in the leaf if this is a write, in walk order, one write an entry
        std::vector<EntryWrite> due;
        for (unsigned level = 4; level >= leaf_level; --level) {
          const u64 entry = tables.entry(level);
          u64 desired = entry | 0x20;
          if (level == leaf_level && op == Op::write) desired |= 0x40;
          if (desired != entry) due.push_back({tables.entry_pa(level), entry, desired});
        }
        REQUIRE(got.writes.size() == due.size());
        for (std::size_t i = 0; i < due.size(); ++i) {
          CHECK(got.writes[i].pa == due[i].pa);
          CHECK(got.writes[i].expect == due[i].expect);
          CHECK(got.writes[i].desired == due[i].desired);
        }
        CHECK((got.translation.rights >> 3) == ((dirty || op == Op::write) ? 1 : 0));
        CHECK(needs_dirty_walk(Format::x86_64, got.translation.rights, {kVa, Op::write, Mode::user, false}) ==
              !(dirty || op == Op::write));
        CHECK_FALSE(needs_dirty_walk(Format::x86_64, got.translation.rights, {kVa, Op::read, Mode::user, false}));
      }
    }
  }
}

TEST_CASE("x86-64 canonical check") {
  for (const u64 va : {u64{0}, u64{0x00007fffffffffff}, u64{0xffff800000000000}, ~u64{0}}) {
    CHECK(before_tlb(Format::x86_64, {va, Op::read, Mode::user, false}, 0).kind == Direct::Kind::none);
  }
  for (const u64 va : {u64{0x0000800000000000}, u64{0xffff7fffffffffff}, u64{0x8000000000000000},
                       u64{0x0001000000000000}, u64{0x7fffffffffffffff}}) {
    const Direct direct = before_tlb(Format::x86_64, {va, Op::write, Mode::kernel, false}, kNxe | spe(7));
    CHECK(direct.kind == Direct::Kind::fault);
    CHECK(direct.fault.code == Fault::general);
    CHECK(direct.fault.error == 0);
    CHECK(direct.fault.level == 0);
    const Outcome got = Tables(Format::x86_64, kVa).walk({va, Op::fetch, Mode::user, false});
    CHECK(got.fault.code == Fault::general);
    CHECK(got.steps.empty());
  }
}

TEST_CASE("x86-64: a bus error names the level whose entry could not be read") {
  for (unsigned level = 1; level <= 4; ++level) {
    Tables tables(Format::x86_64, kVa);
    tables.memory.erase(tables.entry_pa(level));
    tables.entry(4) &= level == 4 ? ~u64{0} : ~u64{0x20};
    if (level == 4) tables.memory.erase(tables.entry_pa(4));
    const Outcome got = tables.walk(Op::write, Mode::user);
    CHECK(got.fault.code == Fault::bus);
    CHECK(got.fault.error == 0);
    CHECK(got.fault.level == level);
    CHECK(got.steps.size() == 4 - level);
    CHECK(got.writes.size() == (level == 4 ? 0 : 1));  // A of level 4 was due before
  }
}

TEST_CASE("x86-64: the root's low and high bits are not part of the table's address") {
  Tables tables(Format::x86_64, kVa);
  tables.context.root |= 0xfff0000000000fff;
  CHECK(tables.walk(Op::read, Mode::user).pa == (Tables::kFrame | 0x678));
}
