// SPDX-License-Identifier: Apache-2.0
//
// Metamorphic runs: one list of accesses, asked of MMUs of other sizes, with invalidations that nobody needs, with
// other numbers for the address spaces, with a requester and a memory that stall. Software invalidates what it changes
// before it goes on, so that no MMU has a choice: all answers are equal, and equal the walk of arch::translate(). Where
// software does not, answers may differ: then the checker says whether they are legal.
#include <tuple>

#include "model/arch/layout.h"
#include "model/arch/walk.h"
#include "sw/hw/ram.h"
#include "tb/admissible/lockstep_monitor.h"
#include "tb/lockstep/lockstep.h"
#include "tb/stimulus/random_tables.h"
#include "tests/catch.h"
#include "tests/duts.h"

using namespace kilburn;
using arch::Format;
using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

namespace {

namespace layout = arch::layout;

// What an architecture promises: fault, error code, address. The size of a cached piece is the MMU's affair.
using Answer = std::tuple<unsigned, unsigned, u64>;

struct Variation {
  std::string dut;
  u16 first_number = 1;             // of the address spaces
  bool more_invalidations = false;  // now and then, of anything
  bool stalls = false;
  bool lazy = false;  // software changes without invalidating
};

struct Outcome {
  std::vector<Answer> answers, walked;
  std::string rejected;
};

constexpr unsigned kSpaces = 3;
constexpr unsigned kAccesses = 1500;

class Player {
 public:
  Player(const Variation& how, Format format, u64 seed)
      : how_(how),
        format_(format),
        dut_(tb::dut_library(how.dut, format), seed),
        checker_({format, {}, {}, {}}, memory_),
        monitor_(checker_, 0, memory_),
        script_(seed),
        chance_(seed + 1),
        lockstep_(dut_, memory_, config(seed)),
        tables_(lockstep_.memory(), format, kSpaces, script_) {
    constexpr u64 kTables = 0x100000, kFrames = 64;
    for (u64 pa = kTables; pa < kTables + (kFrames << arch::info(format).page_shift); pa += 8) agree(pa);
  }

  Outcome play() {
    try {
      for (unsigned n = 0; n < kAccesses; ++n) step();
      lockstep_.finish();
    } catch (const tb::DutWrong& wrong) {
      outcome_.rejected = wrong.what();
    }
    return outcome_;
  }

 private:
  tb::LockstepConfig config(u64 seed) {
    tb::LockstepConfig config;
    config.seed = seed;
    config.exact = false;
    config.monitor = &monitor_;
    return config;
  }

  // Blocks of pages and pages of every address space would need entries that agree (EV5 5.1, GH and ASM).
  void agree(u64 pa) {
    if (format_ == Format::x86_64) return;
    const u64 word = memory_.load64(pa), kept = ~(layout::AlphaPte::GH.mask() | layout::AlphaPte::ASM.mask());
    if ((word & ~kept) != 0) lockstep_.memory().store64(pa, word & kept);
  }

  void clock() { lockstep_.clock(); }

  void operate(u8 op, u64 va, u16 number) {
    auto& in = lockstep_.in();
    in.inv_op = op;
    in.inv_va = va;
    in.inv_asid = number;
    in.inv_valid = 1;
    bool taken = false;
    while (true) {
      const bool now = in.inv_valid && lockstep_.out().inv_ready;
      const bool done = taken && lockstep_.out().inv_ack;
      clock();
      if (done) return;
      if (now) taken = true, in.inv_valid = 0;
    }
  }

  // The list of accesses and changes is the script's; what a variation adds is drawn from `chance_`.
  void step() {
    auto& in = lockstep_.in();
    if (script_.one_in(8)) {
      agree(tables_.edit().pa);
      if (!how_.lazy) operate(layout::Inv::ALL, 0, 0);
    }
    const auto space = static_cast<unsigned>(script_.below(kSpaces));
    const u64 word = script_.word();
    if (script_.one_in(6)) vas_[script_.below(vas_.size())] = tables_.address(false);
    const u64 va = script_.pick(vas_);
    in.ctx_root = tables_.root(space, false);
    in.ctx_asid = how_.first_number + space;
    if (format_ == Format::x86_64) {
      // Global pages would be shared by address spaces that disagree about them.
      in.ctx_ctl = static_cast<u32>(layout::Controls::WP.make(word & 1) | layout::Controls::NXE.mask());
    }
    if (how_.more_invalidations && chance_.one_in(3)) {
      operate(static_cast<u8>(chance_.below(7)), chance_.pick(vas_),
              static_cast<u16>(how_.first_number + chance_.below(kSpaces)));
    }
    if (how_.stalls) {
      for (u64 n = chance_.below(20); n > 0; --n) clock();
      tb::MemoryTiming timing;
      timing.min_latency = static_cast<unsigned>(chance_.between(1, 9));
      timing.max_latency = timing.min_latency + static_cast<unsigned>(chance_.below(20));
      timing.ready_percent = static_cast<unsigned>(chance_.between(20, 100));
      lockstep_.set_memory_timing(timing);
    }
    const bool fetch = (word >> 1 & 7) == 0;
    auto& port = fetch ? in.i : in.d;
    port.va = va;
    port.write = !fetch && (word >> 4 & 3) == 0;
    port.mode = word >> 8 & 1 ? 3 : 0;
    port.id = static_cast<u8>(word >> 16 & 15);
    const arch::Request request{va,
                                fetch        ? arch::Op::fetch
                                : port.write ? arch::Op::write
                                             : arch::Op::read,
                                static_cast<arch::Mode>(port.mode), false};
    const arch::Context context{in.ctx_root, static_cast<u16>(in.ctx_asid), in.ctx_ctl, in.ctx_pkru, in.ctx_pkrs};
    const auto walk = arch::walk(format_, {}, context, request, [&](u64 pa) -> std::optional<u64> {
      if (pa + 8 > tb::RandomTables::kMemoryBytes) return std::nullopt;
      return memory_.load64(pa);
    });
    const bool ok = walk.fault.code == arch::Fault::none;
    outcome_.walked.emplace_back(static_cast<unsigned>(walk.fault.code), walk.fault.error, ok ? walk.pa : 0);
    port.valid = 1;
    while (port.valid) {
      const bool taken = (fetch ? lockstep_.out().i : lockstep_.out().d).req_ready;
      clock();
      if (taken) port.valid = 0;
    }
    while (true) {
      const auto out = fetch ? lockstep_.out().i : lockstep_.out().d;
      port.rsp_ready = !how_.stalls || chance_.one_in(3);
      const bool done = out.rsp_valid && port.rsp_ready;
      clock();
      if (!done) continue;
      outcome_.answers.emplace_back(out.rsp_fault, out.rsp_err, out.rsp_pa);
      break;
    }
  }

  Variation how_;
  Format format_;
  os::RamMem memory_{tb::RandomTables::kMemoryBytes};
  tb::Dut dut_;
  admissible::Checker checker_;
  admissible::LockstepMonitor monitor_;
  tb::Random script_, chance_;
  tb::Lockstep lockstep_;
  tb::RandomTables tables_;
  std::vector<u64> vas_ = std::vector<u64>(16, 0);
  Outcome outcome_;
};

const Variation kVariations[] = {{"mmu"},
                                 {"mmu-tiny"},
                                 {"small"},
                                 {"wild-notlb"},
                                 {"wild-one"},
                                 {"wild-huge"},
                                 {"wild-pwc"},
                                 {"wild-speculative"},
                                 {"mmu", 1, true},
                                 {"mmu-tiny", 1, true},
                                 {"wild-huge", 1, true},
                                 {"mmu", 700},
                                 {"wild-huge", 4090},
                                 {"mmu", 1, false, true},
                                 {"mmu-tiny", 1, true, true},
                                 {"wild-huge", 70, true, true}};

}  // namespace

TEST_CASE("answers do not depend on sizes, needless invalidations, numbers or stalls") {
  const Format format = GENERATE(Format::x86_64, Format::alpha);
  for (const u64 seed : {1, 2, 3}) {
    for (const Variation& how : kVariations) {
      const Outcome outcome = Player(how, format, seed).play();
      INFO(how.dut << " " << arch::name(format) << ", seed " << seed << ", numbers from " << how.first_number
                   << (how.more_invalidations ? ", more invalidations" : "") << (how.stalls ? ", stalls" : ""));
      REQUIRE(outcome.rejected == "");
      REQUIRE(outcome.answers.size() == kAccesses);
      const auto differs = std::mismatch(outcome.answers.begin(), outcome.answers.end(), outcome.walked.begin());
      CHECK(differs.first - outcome.answers.begin() == kAccesses);
    }
  }
}

TEST_CASE("software that does not invalidate gets answers that differ, and are legal") {
  const Format format = GENERATE(Format::x86_64, Format::alpha);
  unsigned differ = 0;
  for (const u64 seed : {1, 2, 3}) {
    for (Variation how : kVariations) {
      how.lazy = true;
      const Outcome outcome = Player(how, format, seed).play();
      INFO(how.dut << " " << arch::name(format) << ", seed " << seed);
      CHECK(outcome.rejected == "");
      differ += outcome.answers != outcome.walked;
    }
  }
  CHECK(differ > 0);
}
