// SPDX-License-Identifier: Apache-2.0
//
// x86-64: every combination of effective rights, access, privilege and controls, and every bit of every entry,
// against a reading of SDM 4.5 to 4.8 that shares nothing with the model.
#include "tests/truth/x86_64.h"

#include <sstream>
#include <vector>

#include "tests/catch.h"
#include "tests/unit/arch/tables.h"

namespace {

using namespace kilburn::tb;
namespace truth = kilburn::truth;
using truth::X86Case;
using truth::X86Expected;

constexpr u64 kVa = 0x00007654'3210'f678;
constexpr u64 kRw = 2, kUs = 4, kNx = u64{1} << 63;

// The right is taken away at one level, `at`; 0 takes nothing.
void deny(Tables& tables, unsigned at, u64 cleared, u64 set) {
  if (at != 0) tables.entry(at) = (tables.entry(at) & ~cleared) | set;
}

bool same(const FaultReport& got, const X86Expected& expected) {
  return got.code == (expected.fault ? Fault::page : Fault::none) && got.error == expected.error &&
         id(got.rule) == expected.rule;
}

std::string in_words(const X86Case& c, const FaultReport& got) {
  std::ostringstream text;
  text << std::hex << "P " << c.p << " RSVD " << c.rsvd << " W " << c.w << " U " << c.u << " NX " << c.nx << " "
       << name(c.op) << " privilege " << static_cast<int>(c.privilege) << " AC " << c.ac << " controls " << c.controls()
       << " key " << int{c.key} << " pkru " << c.pkru() << " pkrs " << c.pkrs() << ": " << name(got.code) << " "
       << got.error << " by " << id(got.rule) << ", expected " << truth::expected(c).error << " by "
       << truth::expected(c).rule;
  return text.str();
}

}  // namespace

TEST_CASE("x86-64 leaf: every combination of the truth table, in the walk, at the entry and for kept rights") {
  unsigned allowed[3][3] = {};
  for (u32 n = 0; n < truth::kX86Cases; ++n) {
    const X86Case c = truth::x86_case(n);
    const X86Expected expected = truth::expected(c);
    const Request request = c.request(kVa);
    if (!expected.fault) ++allowed[static_cast<unsigned>(c.privilege)][static_cast<unsigned>(c.op)];

    const Judgement judged = judge_entry(Format::x86_64, {}, 1, c.leaf(Tables::kFrame), {}, request, c.context());
    if (!same(judged.fault, expected) || (judged.kind == Judgement::Kind::translated) == expected.fault) {
      FAIL(in_words(c, judged.fault));
    }
    // Only present entries without reserved bits are kept, but they outlive a change of NXE: XD then does not count.
    if (c.p && !c.rsvd) {
      X86Case kept = c;
      kept.nx = c.nx && c.nxe;
      const auto rights = static_cast<u16>(u16{c.w} | u16{c.u} << 1 | u16{c.nx} << 2 | 8 | c.key << 4);
      const FaultReport got = check_rights(Format::x86_64, {}, rights, request, c.context());
      if (!same(got, truth::expected(kept)) || got.level != 0 ||
          grants(Format::x86_64, {}, rights, request, c.context()) == truth::expected(kept).fault) {
        FAIL("kept rights: " << in_words(c, got));
      }
    }
  }
  for (unsigned privilege = 0; privilege < 3; ++privilege) {
    for (unsigned op = 0; op < 3; ++op) CHECK(allowed[privilege][op] == truth::kX86Allowed[privilege][op]);
  }
}

TEST_CASE("x86-64 walk: the truth table with the right missing at any one level, four levels and five") {
  unsigned checked = 0;
  for (const u32 la57 : {0u, kLa57}) {
    Tables tables(Format::x86_64, kVa, la57);
    for (u32 n = 0; n < truth::kX86Cases; n += 7) {  // coprime to every bit's period; every case is judged above
      const X86Case c = truth::x86_case(n);
      const X86Expected expected = truth::expected(c);
      const unsigned levels = tables.levels();
      const unsigned at = n % levels + 1;  // whose entry says so
      for (unsigned level = 2; level <= levels; ++level) {
        tables.entry(level) = Tables::table(level - 1) | 0x27 | u64{15u - c.key} << 59;  // not the key (T23)
      }
      tables.entry(1) = Tables::kFrame | 0x67 | u64{c.key} << 59;
      deny(tables, at, (c.p ? 0 : 1) | (c.w ? 0 : kRw) | (c.u ? 0 : kUs),
           (c.rsvd ? u64{1} << 51 : 0) | (c.nx ? kNx : 0));
      tables.context = c.context(tables.context.root);
      tables.context.controls |= la57;
      const Outcome got = tables.walk(c.request(kVa));
      ++checked;
      const bool at_entry = !c.p || c.rsvd || (c.nx && !c.nxe);
      if (!same(got.fault, expected) ||
          got.fault.level != (!expected.fault ? 0
                              : at_entry      ? at
                                              : 1) ||
          (!expected.fault && got.pa != (Tables::kFrame | 0x678)) || !got.writes.empty()) {
        FAIL("level " << at << " of " << levels << ": " << in_words(c, got.fault));
      }
    }
  }
  CHECK(checked == 2 * ((truth::kX86Cases + 6) / 7));
}

namespace {

// Reserved bits of an entry (SDM tables 4-15 to 4-20), by kind of entry and what the processor has.
struct Processor {
  unsigned pa_width;
  bool nxe, page_1g, amd;
};
bool sdm_reserved(unsigned level, bool large, unsigned bit, const Processor& processor) {
  if (level == 3 && large && !processor.page_1g) return true;  // PS is, whatever the bit
  if (bit == 63) return !processor.nxe;
  if (bit >= processor.pa_width && bit <= 51) return true;
  if (level >= 4) return bit == 7 || (bit == 8 && processor.amd);
  if (level == 3 && large) return bit >= 13 && bit <= 29;
  if (level == 2 && large) return bit >= 13 && bit <= 20;
  return false;
}

}  // namespace

TEST_CASE("x86-64 reserved bits: every bit of every kind of entry, 4 levels and 5, Intel and AMD") {
  unsigned reserved = 0;
  const auto check = [&](const Processor& processor, u32 la57) {
    for (unsigned level = 1; level <= (la57 != 0 ? 5u : 4u); ++level) {
      for (const bool large : {false, true}) {
        if (large && (level == 1 || level >= 4)) continue;
        for (unsigned bit = 1; bit < 64; ++bit) {
          if (bit == 7 && (level == 2 || level == 3)) continue;  // chooses the kind
          Tables tables(Format::x86_64, kVa, la57 | (processor.nxe ? kNxe : 0));
          tables.settings.pa_width = static_cast<u8>(processor.pa_width);
          tables.settings.page_1g = processor.page_1g;
          tables.settings.amd = processor.amd;
          if (large) tables.entry(level) = Tables::kFrame | 0xe7;
          const u64 entry = tables.entry(level) | u64{1} << bit;
          // One entry judged by itself: a changed frame must not send a walk elsewhere.
          const Judgement got = judge_entry(Format::x86_64, tables.settings, level, entry, {},
                                            {kVa, Op::read, Mode::kernel, false}, tables.context);
          const bool expected = sdm_reserved(level, large, bit, processor);
          reserved += expected;
          const bool is = got.kind == Judgement::Kind::fault && got.fault.error == 9 && got.fault.level == level &&
                          got.fault.rule == Rule::x86_reserved;
          if (is != expected) {
            FAIL("level " << level << " large " << large << " bit " << bit << " pa_width " << processor.pa_width);
          }
          // and the walk decides it the same way
          tables.entry(level) = entry;
          const Outcome walked = tables.walk(Op::read, Mode::kernel);
          if (expected != (walked.fault.code == Fault::page && walked.fault.error == 9)) {
            FAIL("walk, level " << level << " large " << large << " bit " << bit << " pa_width " << processor.pa_width);
          }
        }
      }
    }
  };
  for (const unsigned pa_width : {32u, 36u, 40u, 46u, 51u, 52u}) {
    for (const bool nxe : {false, true}) check({pa_width, nxe, true, false}, 0);
  }
  // 6 kinds: (52 - pa_width) bits each, XD without NXE, and 1 + 17 + 8 bits of their own
  CHECK(reserved == 2 * 6 * (20 + 16 + 12 + 6 + 1 + 0) + 6 * 6 + 12 * (1 + 17 + 8));
  reserved = 0;
  check({52, true, true, false}, kLa57);
  CHECK(reserved == 2 * 1 + 17 + 8);  // PS at levels 4 and 5
  reserved = 0;
  check({52, true, true, true}, kLa57);
  CHECK(reserved == 2 * 2 + 17 + 8);  // and bit 8
  reserved = 0;
  check({52, true, false, false}, kLa57);
  CHECK(reserved == 2 * 1 + 62 + 8);  // a level-3 entry with PS, each time
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
      tables.context.controls = kPge;
      tables.entry(kind.level) =
          kind.entry | (pwt ? 8 : 0) | (pcd ? 16 : 0) | (pat ? kind.pat : 0) | (global ? 256 : 0);
      const Outcome got = tables.walk(Op::write, Mode::user);
      CHECK(got.fault.code == Fault::none);
      CHECK(got.translation.page_log2 == kind.page_log2);
      CHECK(got.translation.pa == Tables::kFrame);
      CHECK(got.pa == Tables::kFrame + (kVa & ((u64{1} << kind.page_log2) - 1)));
      CHECK(got.translation.global == global);
      tables.context.controls = 0;  // without CR4.PGE the bit means nothing (SDM 4.10.2.4)
      CHECK_FALSE(tables.walk(Op::write, Mode::user).translation.global);
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
    CHECK(before_tlb(Format::x86_64, {}, {va, Op::read, Mode::user, false}, {}).kind == Direct::Kind::none);
  }
  for (const u64 va : {u64{0x0000800000000000}, u64{0xffff7fffffffffff}, u64{0x8000000000000000},
                       u64{0x0001000000000000}, u64{0x7fffffffffffffff}}) {
    const Direct direct = before_tlb(Format::x86_64, {}, {va, Op::write, Mode::kernel, false}, with(kNxe | spe(7)));
    CHECK(direct.kind == Direct::Kind::fault);
    CHECK(direct.fault.code == Fault::general);
    CHECK(direct.fault.error == 0);
    CHECK(direct.fault.level == 0);
    const Outcome got = Tables(Format::x86_64, kVa).walk({va, Op::fetch, Mode::user, false});
    CHECK(got.fault.code == Fault::general);
    CHECK(got.steps.empty());
  }
}

TEST_CASE("x86-64 canonical check with 57-bit addresses") {
  const auto verdict = [](u64 va, u32 controls) {
    return before_tlb(Format::x86_64, {}, {va, Op::read, Mode::user, false}, with(controls)).fault.rule;
  };
  for (const u64 va : {u64{0}, u64{0x00ff'ffff'ffff'ffff}, u64{0xff00'0000'0000'0000}, u64{0x0000'8000'0000'0000},
                       u64{0xffff'7fff'ffff'ffff}, ~u64{0}}) {
    CHECK(verdict(va, kLa57) == Rule::none);
  }
  for (const u64 va :
       {u64{0x0100'0000'0000'0000}, u64{0xfeff'ffff'ffff'ffff}, u64{1} << 63, u64{0x7fff'ffff'ffff'ffff}}) {
    CHECK(verdict(va, kLa57) == Rule::x86_canonical);
    CHECK(verdict(va, 0) == Rule::x86_canonical);
  }
  CHECK(verdict(0x00ff'ffff'ffff'ffff, 0) == Rule::x86_canonical);
}

TEST_CASE("x86-64: five levels translate VA<56:48> by the top table") {
  for (const u64 va : {u64{0x0012'3456'789a'b678}, u64{0xff92'3456'789a'b678}}) {
    Tables tables(Format::x86_64, va, kLa57);
    CHECK(tables.entry_pa(5) == Tables::table(5) + 8 * (va >> 48 & 0x1ff));
    const Outcome got = tables.walk(Op::write, Mode::user);
    CHECK(got.pa == (Tables::kFrame | 0x678));
    REQUIRE(got.steps.size() == 5);
    CHECK(got.steps[0].level == 5);
    CHECK(got.steps[0].pa == tables.entry_pa(5));
    CHECK(got.steps[4].level == 1);
  }
}

TEST_CASE("x86-64: with translation off the address is the physical one, of MAXPHYADDR bits") {
  for (const unsigned pa_width : {36u, 40u, 52u}) {
    for (const u64 va : {u64{0x1234'5678}, u64{0x0000'9abc'def0'1234}, ~u64{7}}) {
      for (const Mode mode : {Mode::kernel, Mode::user}) {
        Tables tables(Format::x86_64, kVa, kPhys | kWp | kSmep | kSmap);
        tables.settings.pa_width = static_cast<u8>(pa_width);
        const Outcome got = tables.walk({va, Op::write, mode, false});
        CHECK(got.fault.code == Fault::none);
        CHECK(got.pa == (va & ((u64{1} << pa_width) - 1)));
        CHECK(got.translation.page_log2 == pa_width);
        CHECK(got.translation.memory_type == 0);
        CHECK(got.translation.global);
        CHECK(got.steps.empty());
      }
    }
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
