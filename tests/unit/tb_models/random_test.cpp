// SPDX-License-Identifier: Apache-2.0
//
// Property: whatever the stalls, latencies and orders, each answer is arch::walk()'s over the same tables, and the
// protocol holds. Tables change only between an invalidation of everything and the requests after it.
// The seed is printed; KILBURN_SEED=n repeats a run.
#include <cstdlib>
#include <iostream>
#include <random>

#include "tests/unit/tb_models/rig.h"

namespace kilburn::tb::test {
namespace {

constexpr u64 kFirst = 0x100000;
constexpr unsigned kTables = 8;

class Random {
 public:
  explicit Random(u64 seed) : engine_(seed) {}
  u64 below(u64 n) { return engine_() % n; }
  bool chance(unsigned percent) { return below(100) < percent; }

 private:
  std::mt19937_64 engine_;
};

u64 random_entry(Random& random, Format format, unsigned shift) {
  const u64 frame = kFirst + (random.below(kTables) << shift);
  if (format != Format::x86_64) {
    u64 word = (frame >> shift) << 32 | (random.below(256) << 8) | (random.chance(20) ? random.below(8) << 1 : 0);
    if (random.chance(90)) word |= kV;
    return random.chance(60) ? word | kAlphaAll : word;
  }
  u64 word = frame | random.below(16) << 59;
  if (random.chance(10)) word = (word & ~u64{0x1FFFFF}) | kPS;
  if (random.chance(95)) word |= kP;
  if (random.chance(80)) word |= kRW;
  if (random.chance(80)) word |= kUS;
  if (random.chance(50)) word |= kA;
  if (random.chance(40)) word |= kD;
  if (random.chance(30)) word |= kG;
  if (random.chance(10)) word |= kNX;
  if (random.chance(2)) word |= u64{1} << 45;
  return word;
}

void soak(const std::string& name, Format format) {
  Rig rig(dut(name, format));
  const char* given = std::getenv("KILBURN_SEED");
  const u64 seed = given != nullptr ? std::strtoull(given, nullptr, 0) : 20261121;
  std::cout << "seed " << seed << "\n";
  INFO("seed " << seed);
  Random random(seed);
  const unsigned shift = format == Format::alpha ? 13 : 12;
  const unsigned bits = shift - 3;
  const arch::Settings settings = arch::settings_of(format, rig.in.cfg);
  unsigned translated = 0, faults = 0;
  for (int tables = 0; tables < 12; ++tables) {
    for (u64 pa = kFirst; pa < kFirst + (u64{kTables} << shift); pa += 8) {
      rig.words[pa] = random_entry(random, format, shift);
    }
    rig.in.ctx_root = kFirst;
    // What decides reserved bits and translations as such stays while translations may be held.
    const u32 fixed = kPGE | kWP | kNXE | (random.chance(40) ? kLA57 : 0);
    const unsigned levels = format == Format::alpha ? 3 : format == Format::x86_64 && (fixed & kLA57) != 0 ? 5 : 4;
    rig.in.ctx_asid = static_cast<u32>(random.below(4));
    rig.maintain(kInvAll);
    for (int n = 0; n < 120; ++n) {
      rig.in.ctx_ctl =
          fixed | static_cast<u32>(random.below(16) << 2 & ~u64{kPGE}) | static_cast<u32>(random.below(2) << 9);
      rig.in.ctx_pkru = static_cast<u32>(random.below(u64{1} << 32) & random.below(u64{1} << 32));
      rig.in.ctx_pkrs = static_cast<u32>(random.below(u64{1} << 32) & random.below(u64{1} << 32));
      rig.latency = static_cast<unsigned>(1 + random.below(7));
      struct Asked {
        Side side;
        Ask ask;
        arch::Context context;
      };
      std::vector<Asked> asked;
      rig.in.i.rsp_ready = rig.in.d.rsp_ready = 0;  // none is taken before it is looked for
      for (const Side side : {kI, kDSide}) {
        if (random.chance(25)) continue;
        Ask a;
        a.va = random.below(u64{1} << shift);
        for (unsigned level = 0; level < levels; ++level) a.va |= random.below(3) * 150 << (shift + bits * level);
        const unsigned top = shift + bits * levels - 1;
        if ((a.va >> top & 1) != 0) a.va |= ~u64{0} << top;
        if (random.chance(2)) a.va ^= u64{1} << 62;
        a.mode = static_cast<Mode>(random.below(4));
        a.id = static_cast<u8>(random.below(16));
        if (side == kDSide) {
          a.write = random.chance(40);
          a.ac = random.chance(30);
          a.implicit = random.chance(10);
        }
        rig.ask(side, a);
        asked.push_back(
            {side,
             a,
             {rig.in.ctx_root, static_cast<u16>(rig.in.ctx_asid), rig.in.ctx_ctl, rig.in.ctx_pkru, rig.in.ctx_pkrs}});
      }
      if (random.chance(10)) rig.start_maintenance(static_cast<u8>(random.below(7)), random.below(u64{1} << 30));
      bool seen[2] = {};
      kilburn_req_out responses[2] = {};
      bool acknowledged = rig.out.inv_ready != 0;
      for (int waited = 0;; ++waited) {
        REQUIRE(waited < 2000);
        rig.takes = random.chance(70);
        rig.in.i.rsp_ready = random.chance(60) ? 1 : 0;
        rig.in.d.rsp_ready = random.chance(60) ? 1 : 0;
        for (const Side side : {kI, kDSide}) {
          if (rig.shown(side).rsp_valid && !seen[side]) seen[side] = true, responses[side] = rig.shown(side);
        }
        acknowledged |= rig.out.inv_ack != 0;
        rig.clock();
        const bool ports_idle = !rig.out.i.rsp_valid && !rig.out.d.rsp_valid;
        bool all = ports_idle && acknowledged && rig.out.inv_ready;
        for (const Asked& a : asked) all &= seen[a.side];
        if (all) break;
      }
      rig.in.i.rsp_ready = rig.in.d.rsp_ready = 1;
      rig.takes = true;
      for (const Asked& a : asked) {
        arch::Request request{a.ask.va, a.ask.write ? arch::Op::write : arch::Op::read, a.ask.mode, a.ask.ac,
                              a.ask.implicit};
        if (a.side == kI) request.op = arch::Op::fetch;
        const arch::Outcome expected =
            arch::walk(format, settings, a.context, request, [&](u64 pa) { return std::optional(rig.words[pa]); });
        const kilburn_req_out& r = responses[a.side];
        INFO("va " << std::hex << request.va << " op " << int(request.op) << " mode " << int(request.mode));
        CHECK(r.rsp_id == a.ask.id);
        REQUIRE(r.rsp_fault == static_cast<u8>(expected.fault.code));
        CHECK(r.rsp_err == expected.fault.error);
        CHECK(r.rsp_level == expected.fault.level);
        if (expected.fault.code != Fault::none) {
          ++faults;
          continue;
        }
        ++translated;
        CHECK(expected.writes.empty());  // all that were due have been done
        CHECK(r.rsp_pa == expected.pa);
        CHECK(r.rsp_size == expected.translation.page_log2);
        CHECK(r.rsp_mt == expected.translation.memory_type);
        CHECK(r.rsp_global == expected.translation.global);
      }
    }
  }
  CHECK(translated > 200);
  CHECK(faults > 200);
}

}  // namespace

TEST_CASE("arch: random x86-64") { soak("arch", Format::x86_64); }
TEST_CASE("tlm: random x86-64") { soak("tlm", Format::x86_64); }
TEST_CASE("arch: random alpha") { soak("arch", Format::alpha); }
TEST_CASE("tlm: random alpha") { soak("tlm", Format::alpha); }
TEST_CASE("arch: random alpha-x64") { soak("arch", Format::alpha_x64); }
TEST_CASE("tlm: random alpha-x64") { soak("tlm", Format::alpha_x64); }

}  // namespace kilburn::tb::test
