// SPDX-License-Identifier: Apache-2.0
//
// Tables that software never changes: every answer is arch::translate()'s, and A and D are set as SDM 4.8 says, in
// every profile and with two MMUs on one memory. The seed is printed; KILBURN_SEED=n repeats a run.
#include <cstdlib>
#include <iostream>

#include "model/arch/walk.h"
#include "tb/random.h"
#include "tests/catch.h"
#include "tests/unit/wild/scenarios.h"

namespace kilburn::tb::test {
namespace {

constexpr u64 kTablePages = 10, kBase = 0x100000;

u64 random_entry(Random& random) {
  u64 e = kBase + (random.below(kTablePages) << 12) + (random.below(16) << 59);
  const auto sometimes = [&](unsigned percent, u64 bits) { e |= random.percent(percent) ? bits : 0; };
  if (random.percent(8)) e = (e & ~u64{0x1FFFFF}) | kPS;
  sometimes(95, kP);
  sometimes(80, kRW);
  sometimes(80, kUS);
  sometimes(50, kA);
  sometimes(40, kD);
  sometimes(30, kG);
  sometimes(10, kNX);
  sometimes(2, kRsvd);
  return e;
}

class Soak {
 public:
  Soak(const std::string& name, u64 seed)
      : random_(seed), mmus_{{name, Format::x86_64, seed, ""}, {name, Format::x86_64, seed + 1000, ""}} {
    std::map<u64, u64> words;
    for (u64 pa = kBase; pa < kBase + (kTablePages << 12); pa += 8) words[pa] = random_entry(random_);
    original_ = words;
    for (Bench& b : mmus_) {
      b.words = words;
      b.in.ctx_root = kBase;
      b.latency = static_cast<unsigned>(random_.between(1, 9));
    }
  }

  void run(unsigned requests) {
    for (unsigned n = 0; n < requests; ++n) {
      Bench& b = mmus_[n & 1];
      one(b);
      // The other one works on what this one has written.
      mmus_[(n & 1) ^ 1].words.swap(b.words);
    }
    bits(mmus_[requests & 1].words);
    for (const Bench& b : mmus_) CHECK((b.wrong.empty() ? "" : b.wrong.front()) == "");
  }
  unsigned translated = 0, faulted = 0;

 private:
  void one(Bench& b) {
    // In an address space of its own per choice of what a walk judges already; keys and rights act at the access.
    b.in.ctx_ctl = kWP | kNXE | kPGE | kPKE | static_cast<u32>(random_.below(4) << 2);
    b.in.ctx_pkru = static_cast<u32>(random_.word() & random_.word() & random_.word());
    Ask a;
    for (unsigned level = 1; level <= 4; ++level) a.va |= random_.below(3) * 85 << (12 + 9 * (level - 1));
    a.va |= random_.below(512) * 8;
    a.mode = random_.one_in(2) ? Mode::user : Mode::kernel;
    const Port port = random_.one_in(3) ? kI : kData;
    if (port == kData) {
      a.write = random_.one_in(3);
      a.ac = random_.one_in(3);
    }
    const arch::Request request{a.va,
                                port == kI ? arch::Op::fetch
                                : a.write  ? arch::Op::write
                                           : arch::Op::read,
                                a.mode, a.ac, false};
    const arch::Context context{b.in.ctx_root, 1, b.in.ctx_ctl, b.in.ctx_pkru, 0};
    const auto settings = arch::settings_of(Format::x86_64, b.in.cfg);
    const arch::Outcome expected = arch::walk(Format::x86_64, settings, context, request, [&](u64 pa) {
      return std::optional<u64>(b.words.contains(pa) ? b.words[pa] : 0);
    });
    const kilburn_req_out r = b.translate(port, a);
    INFO("va " << std::hex << a.va);
    REQUIRE(r.rsp_fault == static_cast<u8>(expected.fault.code));
    CHECK(r.rsp_err == expected.fault.error);
    CHECK(r.rsp_level == expected.fault.level);
    if (expected.fault.code != arch::Fault::none) {
      ++faulted;
      return;
    }
    ++translated;
    CHECK(r.rsp_pa == expected.pa);
    CHECK(r.rsp_size == expected.translation.page_log2);
    CHECK(r.rsp_mt == expected.translation.memory_type);
    CHECK(r.rsp_global == expected.translation.global);
    // Before the answer: A in every entry used, D in the leaf of a write.
    for (const arch::Step& step : expected.steps) CHECK((b.words[step.pa] & kA) != 0);
    if (a.write) {
      CHECK((b.words[expected.steps.back().pa] & kD) != 0);
      written_[expected.steps.back().pa] = true;
    }
  }

  // Nothing but A and D has changed, 0 to 1, in present entries without reserved bits; D for writes only.
  void bits(std::map<u64, u64>& words) {
    for (const auto& [pa, before] : original_) {
      const u64 now = words[pa];
      const u64 set = now & ~before;
      if ((before & ~now) != 0 || (set & ~(kA | kD)) != 0) FAIL_CHECK("another bit at " << std::hex << pa);
      if (set != 0 && (before & kP) == 0) FAIL_CHECK("an entry that is not present at " << std::hex << pa);
      if (set != 0 && (before & kRsvd) != 0) FAIL_CHECK("a reserved bit at " << std::hex << pa);
      if ((set & kD) != 0 && !written_.contains(pa)) FAIL_CHECK("D without a write at " << std::hex << pa);
    }
  }

  Random random_;
  Bench mmus_[2];
  std::map<u64, u64> original_;
  std::map<u64, bool> written_;
};

}  // namespace

TEST_CASE("tables at rest: answers, A and D, two MMUs on one memory") {
  const char* given = std::getenv("KILBURN_SEED");
  const u64 seed = given != nullptr ? std::strtoull(given, nullptr, 0) : 20261121;
  std::cout << "seed " << seed << "\n";
  for (const std::string& name : wild_dut_names()) {
    INFO(name << " seed " << seed);
    Soak soak(name, seed);
    soak.run(1500);
    CHECK(soak.translated > 200);
    CHECK(soak.faulted > 100);
  }
}

}  // namespace kilburn::tb::test
