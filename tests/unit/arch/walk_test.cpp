// SPDX-License-Identifier: Apache-2.0
//
// walk() and translate(), which pick out plain entries with one comparison, against judge_entry() level by level, on
// random tables that also refer to each other and to themselves.
#include "model/arch/walk.h"

#include <algorithm>
#include <random>
#include <vector>

#include "model/arch/plain_tables.h"
#include "tests/catch.h"

namespace {

using namespace kilburn::arch;

// What a walk must come to if every entry is judged.
Outcome judged_walk(Format format, const Settings& settings, const Context& context, const Request& request,
                    const std::vector<u64>& words) {
  Outcome out;
  const FormatInfo f = info(format, settings, context.controls);
  if (const Direct direct = before_tlb(format, settings, request, context); direct.kind != Direct::Kind::none) {
    out.fault = direct.fault;
    out.pa = direct.pa;
    out.translation = direct.translation;
    return out;
  }
  std::vector<u64> memory = words;
  u64 table = context.root;
  Accumulated above;
  for (unsigned level = f.levels;; --level) {
    const u64 pa = entry_address(f, table, request.va, level);
    if (pa / 8 >= memory.size()) {
      out.fault = {Fault::bus, 0, static_cast<u8>(level), Rule::walk_bus};
      return out;
    }
    u64& entry = memory[pa / 8];
    out.steps.push_back({pa, entry, static_cast<u8>(level)});
    Judgement judged = judge_entry(format, settings, level, entry, above, request, context);
    if (judged.kind == Judgement::Kind::update) {
      out.writes.push_back({pa, entry, judged.desired});
      out.updates_due = true;
      entry = judged.desired;
      judged = judge_entry(format, settings, level, entry, above, request, context);
    }
    switch (judged.kind) {
      case Judgement::Kind::table:
        table = judged.next;
        above = judged.accumulated;
        break;
      case Judgement::Kind::translated:
        out.translation = judged.translation;
        out.pa = address_in(judged.translation, request.va);
        return out;
      default:
        out.fault = judged.fault;
        return out;
    }
  }
}

bool same(const Verdict& a, const Verdict& b) {
  return a.fault.code == b.fault.code && a.fault.error == b.fault.error && a.fault.level == b.fault.level &&
         a.fault.rule == b.fault.rule && a.pa == b.pa && a.translation.pa == b.translation.pa &&
         a.translation.page_log2 == b.translation.page_log2 && a.translation.global == b.translation.global &&
         a.translation.memory_type == b.translation.memory_type && a.translation.rights == b.translation.rights &&
         a.updates_due == b.updates_due;
}
bool same_record(const Outcome& a, const Outcome& b) {
  return std::equal(
             a.steps.begin(), a.steps.end(), b.steps.begin(), b.steps.end(),
             [](const Step& x, const Step& y) { return x.pa == y.pa && x.entry == y.entry && x.level == y.level; }) &&
         std::equal(a.writes.begin(), a.writes.end(), b.writes.begin(), b.writes.end(),
                    [](const EntryWrite& x, const EntryWrite& y) {
                      return x.pa == y.pa && x.expect == y.expect && x.desired == y.desired;
                    });
}

class Random {
 public:
  u64 bits() { return engine_(); }
  u64 below(u64 limit) { return engine_() % limit; }
  bool one_in(u64 n) { return below(n) == 0; }

 private:
  std::mt19937_64 engine_{20};
};

// Mostly good entries that point into the memory of `pages` tables, with a bit or two wrong now and then.
u64 random_entry(Random& random, Format format, u64 pages) {
  u64 entry;
  if (format == Format::x86_64) {
    entry = random.below(pages) << 12 | 0x67;
    if (random.one_in(8)) entry &= ~u64{0x60};  // not accessed, not dirty
    if (random.one_in(12)) entry |= 0x80;       // a large page, mostly misaligned
    if (random.one_in(6)) entry ^= u64{1} << random.below(12);
    if (random.one_in(12)) entry ^= u64{1} << (12 + random.below(52));
  } else {
    entry = random.below(pages) << 32 | 0xff01;
    if (random.one_in(4)) entry ^= u64{1} << random.below(16);
  }
  return entry;
}

}  // namespace

TEST_CASE("walk: the fast path, the recorded walk and judge_entry() agree on random tables") {
  Random random;
  unsigned by_code[16] = {}, large = 0, updates = 0, shared = 0;
  for (unsigned round = 0; round < 300; ++round) {
    const auto format = static_cast<Format>(random.below(3));
    Settings settings;
    if (format == Format::alpha) settings.page_shift = static_cast<u8>(random.one_in(2) ? 0 : 13 + random.below(4));
    settings.pa_width = static_cast<u8>(32 + random.below(21));
    settings.page_1g = random.one_in(2);
    settings.amd = random.one_in(2);
    settings.vms = random.one_in(2);
    Context context;
    context.controls = static_cast<u32>(random.bits() & 0xff);
    if (random.one_in(4)) context.controls |= static_cast<u32>(random.bits() & 0x700);
    if (random.one_in(30)) context.controls |= 0x1000;
    context.pkru = static_cast<u32>(random.bits() & random.bits());
    context.pkrs = static_cast<u32>(random.bits() & random.bits());
    const FormatInfo f = info(format, settings, context.controls);
    const u64 pages = 1 + random.below(4);
    std::vector<u64> words(pages << (f.page_shift - 3));
    for (u64& word : words) word = random_entry(random, format, pages);
    context.root = random.below(pages) << f.page_shift;
    for (unsigned access = 0; access < 200; ++access) {
      Request request;
      request.va = random.bits();
      if (random.one_in(4)) {  // one index at every level: with one table, one entry in every role
        const u64 index = random.below(u64{1} << f.index_bits);
        for (unsigned level = 1; level <= f.levels; ++level) {
          const unsigned shift = f.page_shift + f.index_bits * (level - 1);
          request.va = (request.va & ~(((u64{1} << f.index_bits) - 1) << shift)) | index << shift;
        }
      }
      if (!random.one_in(20)) {  // a proper sign
        request.va = static_cast<u64>(static_cast<std::int64_t>(request.va << (64 - f.va_bits)) >> (64 - f.va_bits));
      }
      request.op = static_cast<Op>(random.below(3));
      request.mode = static_cast<Mode>(random.below(4));
      request.ac = random.one_in(2);
      request.implicit = random.one_in(6);
      std::vector<u64> read;
      const auto read_word = [&](u64 pa) -> std::optional<u64> {
        read.push_back(pa);
        return pa / 8 < words.size() ? std::optional(words[pa / 8]) : std::nullopt;
      };
      const Outcome expected = judged_walk(format, settings, context, request, words);
      const Outcome got = walk(format, settings, context, request, read_word);
      const std::vector<u64> read_by_walk = read;
      read.clear();
      const Verdict verdict = translate(format, settings, context, request, read_word);
      if (!same(got, expected) || !same_record(got, expected) || !same(verdict, expected) || read != read_by_walk) {
        FAIL(name(format) << " round " << round << " access " << access << ": " << id(expected.fault.rule) << ", walk "
                          << id(got.fault.rule) << ", translate " << id(verdict.fault.rule));
      }
      ++by_code[static_cast<unsigned>(expected.fault.code)];
      large += expected.translation.page_log2 > f.page_shift;
      updates += expected.updates_due;
      for (const EntryWrite& write : expected.writes) {
        shared += write.expect != words[write.pa / 8];  // an entry in two roles, updated twice
      }
    }
  }
  // It did meet what it is for.
  for (const Fault code : {Fault::none, Fault::page, Fault::general, Fault::bus, Fault::tnv, Fault::acv, Fault::on_read,
                           Fault::on_write, Fault::on_execute}) {
    INFO(name(code));
    CHECK(by_code[static_cast<unsigned>(code)] > 100);
  }
  CHECK(large > 100);
  CHECK(updates > 1000);
  CHECK(shared > 10);
}

TEST_CASE("plain tables: what is picked out is what judge_entry() follows, and most of that is") {
  constexpr u32 kNxe = static_cast<u32>(layout::Controls::NXE.mask());
  std::mt19937_64 random(5);
  unsigned picked = 0, tables = 0;
  for (unsigned n = 0; n < 200000; ++n) {
    Settings settings;
    settings.amd = n % 2 != 0;
    const u32 controls = n % 4 < 2 ? kNxe : 0;
    const unsigned level = 2 + n % 4;
    u64 entry = random() & random();  // few bits
    if (n % 8 != 0) entry = (entry & 0x8000'00ff'ffff'ffff) | 0x21;
    const Accumulated above{(n & 32) != 0, (n & 64) != 0, (n & 128) != 0};
    const Judgement judged =
        judge_entry(Format::x86_64, settings, level, entry, above, {}, {.root = 0, .asid = 0, .controls = controls});
    Accumulated below = above;
    u64 next = 0;
    const bool plain = PlainTables(settings, controls).follow(entry, below, next);
    tables += judged.kind == Judgement::Kind::table;
    picked += plain;
    if (!plain) continue;
    INFO(std::hex << entry << " level " << level);
    REQUIRE(judged.kind == Judgement::Kind::table);
    REQUIRE(next == judged.next);
    REQUIRE(below.w == judged.accumulated.w);
    REQUIRE(below.u == judged.accumulated.u);
    REQUIRE(below.nx == judged.accumulated.nx);
  }
  CHECK(picked > 10000);
  CHECK(picked > tables / 2);  // AMD's reserved bit 8 is looked at on all levels
}
