// SPDX-License-Identifier: Apache-2.0
//
// What each profile is for really happens: stale answers, spurious faults, early A, speculation, answers out of order.
// Expectations are written by hand from SDM 4.8 and 4.10 and EV5 5.1.7.
#include <cstring>
#include <set>

#include "tests/catch.h"
#include "tests/unit/wild/scenarios.h"

namespace kilburn::tb::test {
namespace {

constexpr u64 kOld = 0x12340000, kNew = 0x56780000;
constexpr unsigned kPages = 40;

// Pages that still answer from before a change, at once and after an invalidation that covers them.
struct Stale {
  unsigned before = 0;
  unsigned after = 0;
};
Stale stale(const std::string& name, Format format, u64 seed, unsigned level) {
  Bench b(name, format, seed, "");
  // One page a level-2 entry if that is what changes.
  const u64 step = level == 1 ? b.pages(1) : u64{1} << 25;
  const auto va = [&](u64 n) { return kVa + n * step; };
  for (u64 n = 0; n < kPages; ++n) b.map(va(n), kOld, b.all());
  Stale s;
  for (u64 n = 0; n < kPages; ++n) {
    b.gives(b.read(va(n)), kOld);
    b.words[b.entry(va(n), level)] = 0;
    b.map(va(n), kNew, b.all());
    const kilburn_req_out r = b.read(va(n));
    CHECK((r.rsp_pa == kOld || r.rsp_pa == kNew));
    s.before += r.rsp_pa == kOld;
  }
  b.maintain(kAsid);
  for (u64 n = 0; n < kPages; ++n) s.after += b.read(va(n)).rsp_pa != kNew;
  CHECK(b.wrong.empty());
  return s;
}

bool same(const kilburn_dut_out& a, const kilburn_dut_out& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

}  // namespace

TEST_CASE("a changed entry is answered from before until it is invalidated") {
  for (const Format format : {Format::x86_64, Format::alpha, Format::alpha_x64}) {
    for (const std::string& name : wild_dut_names()) {
      Stale sum;
      for (u64 seed = 1; seed <= 8; ++seed) {
        const Stale s = stale(name, format, seed, name == "wild-notlb" ? 2 : 1);
        sum.before += s.before;
        sum.after += s.after;
      }
      INFO(arch::name(format) << " " << name);
      CHECK(sum.before > 0);
      CHECK(sum.after == 0);
    }
  }
}

TEST_CASE("table entries are held, by virtual and by physical address") {
  // Without a TLB for the new page: its neighbour was read, then the table was exchanged.
  for (const char* name : {"wild-huge", "wild-notlb", "wild-pwc"}) {
    unsigned old = 0;
    for (u64 seed = 1; seed <= 8; ++seed) {
      Bench b(name, Format::x86_64, seed, "");
      b.map(kVa, kOld, kUsed);
      b.map(kVa + 0x1000, kOld, kUsed);
      b.gives(b.read(kVa), kOld);
      b.words[b.entry(kVa, 2)] = 0;
      b.map(kVa + 0x1000, kNew, kUsed);
      old += b.read(kVa + 0x1000).rsp_pa == kOld;
    }
    INFO(name);
    CHECK(old > 0);
  }
  Bench b("wild-nopsc", Format::x86_64, 1, "");
  b.map(kVa, kOld, kUsed);
  b.map(kVa + 0x1000, kOld, kUsed);
  b.gives(b.read(kVa), kOld);
  b.words[b.entry(kVa, 2)] = 0;
  b.map(kVa + 0x1000, kNew, kUsed);
  CHECK(b.read(kVa + 0x1000).rsp_pa == kNew);
}

TEST_CASE("wild-spurious faults once from a stale entry, the others never after a raise of rights") {
  const auto faults = [](const std::string& name) {
    unsigned first = 0, second = 0;
    for (u64 seed = 1; seed <= 8; ++seed) {
      Bench b(name, Format::x86_64, seed, "");
      const u64 leaf = b.map(kVa, kOld, (kUsed | kD) & ~kRW);
      b.gives(b.read(kVa, Mode::user), kOld);
      b.words[leaf] |= kRW;
      first += b.write(kVa, Mode::user).rsp_fault != 0;
      second += b.write(kVa, Mode::user).rsp_fault != 0;
    }
    CHECK(second == 0);
    return first;
  };
  CHECK(faults("wild-spurious") > 0);
  CHECK(faults("wild-huge") == 0);
}

TEST_CASE("Alpha's refusals may be stale and recur until an invalidation") {
  unsigned recurred = 0;
  for (u64 seed = 1; seed <= 8; ++seed) {
    Bench b("wild-spurious", Format::alpha, seed, "");
    const u64 leaf = b.map(kVa, kOld, kAlphaAll | kFOW);
    b.gives(b.read(kVa), kOld);
    b.words[leaf] = b.word(kOld, kAlphaAll);
    for (unsigned n = 0; n < 4; ++n) recurred += b.write(kVa).rsp_fault == kFaultOnWrite;
    b.maintain(kPage, kVa);
    b.gives(b.write(kVa), kOld);
    CHECK(b.wrong.empty());
  }
  CHECK(recurred > 8);
}

TEST_CASE("wild-early-a sets A of a refused leaf, wild-huge does not (T47)") {
  for (const auto& [name, set] : {std::pair{"wild-early-a", true}, {"wild-huge", false}}) {
    Bench b(name, Format::x86_64, 1, "");
    const u64 leaf = b.map(kVa, kOld, kP | kUS);
    b.faults(b.write(kVa, Mode::user), kPF, 7);
    INFO(name);
    CHECK(((b.words[leaf] & kA) != 0) == set);
    CHECK((b.words[leaf] & kD) == 0);
    CHECK(b.wrong.empty());
  }
}

TEST_CASE("speculation and prefetch set A, never D, of pages that nobody asked for") {
  for (const char* name : {"wild-prefetch", "wild-speculative", "wild-early-a"}) {
    unsigned touched = 0;
    for (u64 seed = 1; seed <= 4; ++seed) {
      Bench b(name, Format::x86_64, seed, "");
      for (u64 n = 0; n < 200; ++n) b.map(kVa + n * 0x1000, kOld, kP | kRW | kUS);
      for (u64 n = 20; n < 40; ++n) {
        b.gives(b.read(kVa + 5 * n * 0x1000), kOld);
        b.clock(200);
      }
      for (u64 n = 0; n < 200; ++n) {
        const u64 entry = b.words[b.entry(kVa + n * 0x1000)];
        CHECK((entry & kD) == 0);
        touched += (entry & kA) != 0 && (n % 5 != 0 || n < 100);
      }
      CHECK(b.wrong.empty());
    }
    INFO(name);
    CHECK(touched > 0);
  }
}

TEST_CASE("answers come out of order, and hits while a walk is under way") {
  Bench b("wild-huge", Format::x86_64, 1, "");
  for (u64 n = 0; n < 8; ++n) b.map(kVa + n * 0x1000, kOld + n * 0x1000, kUsed);
  b.gives(b.read(kVa), kOld);
  b.latency = 30;
  const u8 slow = b.ask(kData, {kVa + 0x1000});
  const u8 quick = b.ask(kData, {kVa});
  b.gives(b.answer(kData, quick), kOld);
  CHECK(b.out.d.rsp_valid == 0);
  b.gives(b.answer(kData, slow), kOld + 0x1000);
  CHECK(b.wrong.empty());
}

TEST_CASE("a fill by software: hit, rights, ASM, duplicates by chip (T98)") {
  Bench b("wild-huge", Format::alpha, 1, "");
  b.in.ctx_ctl |= kRefill;
  CHECK(b.read(kVa).rsp_fault == kMISS);
  b.maintain(kFillD, kVa, 1, b.word(kOld, kAlphaAll | kFOW));
  b.gives(b.read(kVa), kOld);
  CHECK(b.write(kVa).rsp_fault == kFaultOnWrite);
  CHECK(b.fetch(kVa).rsp_fault == kMISS);
  b.maintain(kFillI, kVa, 1, b.word(kOld, kAlphaAll | kASM));
  b.in.ctx_asid = 2;
  CHECK(b.read(kVa).rsp_fault == kMISS);
  b.gives(b.fetch(kVa), kOld);
  b.in.ctx_asid = 1;
  // 21164: the fill replaces; 21264: it is ignored. CHIP is bits 10:9 of the configuration.
  b.maintain(kFillD, kVa, 1, b.word(kNew, kAlphaAll));
  b.gives(b.read(kVa), kNew);
  b.reset(2U << 9);
  b.maintain(kFillD, kVa, 1, b.word(kOld, kAlphaAll));
  b.maintain(kFillD, kVa, 1, b.word(kNew, kAlphaAll));
  b.gives(b.read(kVa), kOld);
  b.maintain(kPageD, kVa);
  CHECK(b.read(kVa).rsp_fault == kMISS);
  CHECK(b.done.empty());  // nothing was walked
  b.judge_protocol();
  CHECK(b.wrong.empty());
}

TEST_CASE("the same seed is the same MMU, another is another, and instances share nothing") {
  const auto trace = [](u64 seed, u64 other) {
    const kilburn_dut_api& api = *wild_dut("wild", Format::x86_64);
    void* one = api.create(seed);
    void* two = api.create(other);
    kilburn_dut_in in{};
    kilburn_dut_out a{}, b{};
    in.cfg = api.config.cfg;
    api.reset(one, in.cfg, &a);
    api.reset(two, in.cfg, &b);
    in.mem_req_ready = in.d.valid = in.d.rsp_ready = 1;
    unsigned equal = 0;
    for (unsigned n = 0; n < 4000; ++n) {
      in.d.va = (n / 3) << 13;
      in.mem_rsp_valid = 0;
      api.clock(one, &in, &a);
      api.clock(two, &in, &b);
      equal += same(a, b);
    }
    api.destroy(one);
    api.destroy(two);
    return equal;
  };
  CHECK(trace(7, 7) == 4000);
  CHECK(trace(7, 8) < 4000);
}

TEST_CASE("the bugs are chosen by id and taken back") {
  Bench b("wild-huge", Format::x86_64, 1, "");
  const kilburn_dut_api& api = *wild_dut("wild-huge", Format::x86_64);
  void* self = api.create(1);
  unsigned listed = 0;
  std::set<std::string> ids;
  for (const char* const* line = api.bugs; *line != nullptr; ++line) {
    const std::string text = *line;
    const auto first = text.find('\t'), second = text.find('\t', first + 1);
    REQUIRE(first != std::string::npos);
    REQUIRE(second != std::string::npos);
    ids.insert(text.substr(0, first));
    CHECK(api.set_bug(self, text.substr(0, first).c_str()) == 0);
    CHECK(second + 1 < text.size());
    ++listed;
  }
  CHECK(ids.size() == listed);
  CHECK(listed >= 60);
  CHECK(api.set_bug(self, "") == 0);
  CHECK(api.set_bug(self, "T999") == -1);
  CHECK(api.set_bug(self, "T93") == -1);  // of the Alpha formats
  api.destroy(self);
  CHECK(wild_dut("wilder", Format::x86_64) == nullptr);
}

}  // namespace kilburn::tb::test
