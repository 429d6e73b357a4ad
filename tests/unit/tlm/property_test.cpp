// SPDX-License-Identifier: Apache-2.0
//
// Property: over random page tables every translation of the Mmu, held or walked, direct or by transport,
// equals arch::walk over the same memory, and memory afterwards holds exactly the updates it asked for.
// The seed is printed; KILBURN_SEED=n repeats a run.
#include <cstdlib>
#include <iostream>
#include <random>

#include "tests/unit/tlm/bus.h"

namespace kilburn::tlm::test {
namespace {

constexpr u64 kTablePages = 12;
constexpr u64 kFirstTable = 0x100000;

u64 seed() {
  const char* given = std::getenv("KILBURN_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 0) : 20260117;
}

class Random {
 public:
  explicit Random(u64 s) : engine_(s) {}
  u64 below(u64 n) { return engine_() % n; }
  bool chance(unsigned percent) { return below(100) < percent; }

 private:
  std::mt19937_64 engine_;
};

// A word that leads on often enough for deep walks and is odd in every way otherwise.
// Granularity hints at random break the promise that all entries of a block agree, so a held block may
// answer for an entry that says otherwise: `hints` only where nothing is held.
u64 random_entry(Random& random, Format format, bool hints) {
  const unsigned shift = format == Format::alpha ? 13 : 12;
  const u64 table = kFirstTable + (random.below(kTablePages) << shift);
  u64 frame = random.chance(70) ? table : random.below(u64{1} << 26) >> shift << shift;
  if (format != Format::x86_64) {
    u64 word = (frame >> shift) << 32 | (random.below(1 << 16) & ~u64{0xF});
    if (!hints) word &= ~u64{0x60};
    if (random.chance(90)) word |= kV;
    if (random.chance(20)) word |= random.below(8) << 1;
    return random.chance(50) ? word | kKRE | kURE | kKWE | kUWE : word;
  }
  u64 word = 0;
  if (random.chance(15)) {
    word |= kPS;
    if (random.chance(80)) frame &= ~u64{0x1FFFFF};
  }
  word |= frame;
  if (random.chance(95)) word |= kP;
  if (random.chance(80)) word |= kRW;
  if (random.chance(80)) word |= kUS;
  if (random.chance(60)) word |= kA;
  if (random.chance(50)) word |= kD;
  if (random.chance(30)) word |= kG;
  if (random.chance(10)) word |= kNX;
  if (random.chance(2)) word |= u64{1} << 41;
  word |= random.below(4) << 3;   // memory type
  word |= random.below(8) << 52;  // ignored bits
  word |= key(random.below(16));
  return word;
}

u64 random_va(Random& random, Format format, bool five_levels) {
  // Few distinct indexes a level, so that translations are met again.
  const unsigned shift = format == Format::alpha ? 13 : 12;
  const unsigned bits = shift - 3;
  const unsigned levels = format == Format::alpha ? 3 : five_levels ? 5 : 4;
  u64 va = random.below(u64{1} << shift);
  for (unsigned level = 0; level < levels; ++level) va |= random.below(3) * 200 << (shift + bits * level);
  const unsigned top = shift + bits * levels - 1;
  if ((va >> top & 1) != 0) va |= ~u64{0} << top;
  if (random.chance(2)) va ^= u64{1} << 62;
  if (format == Format::alpha && random.chance(5)) va = ~u64{0} << 42 | random.below(u64{1} << 26);
  return va;
}

void compare(BusPlatform& p, Random& random, const arch::Context& context, u64& translated) {
  const Format format = p.mmu.config().format;
  arch::Request request;
  request.va = random_va(random, format, format == Format::x86_64 && (context.controls & kLA57) != 0);
  request.op = static_cast<Op>(random.below(3));
  request.mode = random.chance(50) ? Mode::kernel : static_cast<Mode>(random.below(4));
  request.ac = request.op != Op::fetch && random.chance(20);
  request.implicit = request.op != Op::fetch && random.chance(10);

  const auto expected =
      arch::walk(format, p.mmu.config().settings, context, request, [&](u64 pa) -> std::optional<u64> {
        if (pa > p.memory.size() - 8) return std::nullopt;
        return p.memory.load64(pa);
      });
  const bool held = p.mmu.peek(request).fault.code == Fault::none;
  CHECK(held == (expected.fault.code == Fault::none));
  std::vector<std::pair<u64, u64>> words;
  for (const arch::Step& step : expected.steps) words.emplace_back(step.pa, p.memory.load64(step.pa));
  const u64 walks = p.mmu.counters().walks;
  sc_core::sc_time delay;
  const Mmu::Result result = p.mmu.translate(request, delay);

  INFO("va " << std::hex << request.va << " op " << int(request.op) << " mode " << int(request.mode) << " rule "
             << arch::id(expected.fault.rule) << " against " << arch::id(result.fault.rule));
  REQUIRE(result.fault.code == expected.fault.code);
  CHECK(result.fault.error == expected.fault.error);
  CHECK(result.fault.level == expected.fault.level);
  if (p.mmu.counters().walks != walks) {
    for (auto& [pa, word] : words) {
      for (const arch::EntryWrite& w : expected.writes) {
        if (w.pa == pa) word |= w.desired ^ w.expect;
      }
      CHECK(p.memory.load64(pa) == word);
    }
  }
  if (result.fault.code != Fault::none) return;
  ++translated;
  const u16 dirty = format == Format::x86_64 ? 8 : 0;  // may have been set by way of another address
  CHECK(result.pa == expected.pa);
  CHECK(result.translation.page_log2 == expected.translation.page_log2);
  CHECK(result.translation.global == expected.translation.global);
  CHECK(result.translation.memory_type == expected.translation.memory_type);
  CHECK((result.translation.rights | dirty) == (expected.translation.rights | dirty));

  // Data: what lies at the physical address, by the same kind of access, twice so that the hit path answers.
  if (request.op == Op::write || (request.va & 0xFFF) > 0xFF8 || result.pa > p.memory.size() - 8) return;
  for (int twice = 0; twice < 2; ++twice) {
    u64 word = 0, there = 0;
    const Reply reply = p.cpu.access(::tlm::TLM_READ_COMMAND, request.va, &word, 8,
                                     {request.op, request.mode, request.ac, request.implicit});
    REQUIRE(reply.ok());
    std::memcpy(&there, p.memory.data() + result.pa, 8);
    CHECK(word == there);
  }
}

void check_property(Format format, bool direct) {
  MmuConfig config = for_format(format);
  config.use_direct_memory = direct;
  config.tlb_entries = 64;
  BusPlatform p(config);
  std::cout << "seed " << seed() << "\n";
  INFO("seed " << seed());
  Random random(seed());
  u64 translated = 0, hits = 0, walks = 0;
  for (int tables = 0; tables < 25; ++tables) {
    const bool hold_nothing = tables % 5 == 4;
    const u64 page = format == Format::alpha ? 0x2000 : 0x1000;
    for (u64 pa = kFirstTable; pa < kFirstTable + kTablePages * page; pa += 8) {
      p.memory.store64(pa, random_entry(random, format, hold_nothing));
    }
    arch::Settings settings;
    settings.pa_width = random.chance(50) ? 40 : 42;
    settings.page_1g = random.chance(70);
    settings.amd = random.chance(30);
    settings.vms = random.chance(30);
    settings.chip = static_cast<arch::Chip>(random.below(3));
    p.mmu.reset(settings);
    arch::Context context{kFirstTable, static_cast<u16>(random.below(3)), 0};
    // What decides reserved bits and how addresses are taken apart stays while translations are held.
    const u32 fixed = (random.chance(80) ? kNXE : 0) | (random.chance(60) ? kPGE : 0) | (random.chance(40) ? kLA57 : 0);
    for (int n = 0; n < 300; ++n) {
      if (n % 50 == 0) {
        context.controls =
            fixed | static_cast<u32>(random.below(64) & ~u64{kNXE}) | static_cast<u32>(random.below(8) << 8);
        if (random.chance(5)) context.controls |= kPhys;
        context.pkru = static_cast<u32>(random.below(u64{1} << 32) & random.below(u64{1} << 32));
        context.pkrs = static_cast<u32>(random.below(u64{1} << 32) & random.below(u64{1} << 32));
        context.asid = static_cast<u16>(random.below(3));
        p.mmu.set_context(context);
      }
      if (hold_nothing) p.mmu.invalidate(Invalidate::all);
      compare(p, random, context, translated);
    }
    hits += p.mmu.counters().hits;
    walks += p.mmu.counters().walks;
  }
  CHECK(translated > 500);
  CHECK(hits > 500);
  CHECK(walks > 500);
}

}  // namespace

TEST_CASE("random x86-64 tables, direct memory") { check_property(Format::x86_64, true); }
TEST_CASE("random x86-64 tables, transport") { check_property(Format::x86_64, false); }
TEST_CASE("random alpha tables, direct memory") { check_property(Format::alpha, true); }
TEST_CASE("random alpha tables, transport") { check_property(Format::alpha, false); }
TEST_CASE("random alpha-x64 tables, direct memory") { check_property(Format::alpha_x64, true); }
TEST_CASE("random alpha-x64 tables, transport") { check_property(Format::alpha_x64, false); }

}  // namespace kilburn::tlm::test
