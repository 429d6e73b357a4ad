// SPDX-License-Identifier: Apache-2.0
//
// The second DUT gets everything, in the first one's order: where nothing overlaps, DUTs that keep nothing answer
// alike.
#include "sw/hw/ram.h"
#include "tb/against/against_monitor.h"
#include "tb/dut/models/models.h"
#include "tb/stimulus/random_tables.h"
#include "tb/stimulus/single_access.h"
#include "tests/catch.h"

using namespace kilburn;
using arch::u64;

namespace {

// One access at a time on changing tables.
class Sequence {
 public:
  Sequence(arch::Format format, const tb::DutLibrary& a, const tb::DutLibrary& b, u64 seed)
      : format_(format),
        memory_(tb::RandomTables::kMemoryBytes),
        random_(seed),
        rules_{format, {}, {}, {}, 0, true},
        monitor_(rules_, b, follower(rules_), memory_, memory_),
        dut_(a, seed),
        lockstep_(dut_, memory_, config(&monitor_)),
        tables_(lockstep_.memory(), format, 2, random_) {}

  void run(unsigned accesses) {
    tb::SingleAccess port(lockstep_);
    tb::MemoryTiming slow;
    slow.max_latency = 9;
    lockstep_.set_memory_timing(slow);
    for (unsigned n = 0; n < accesses; ++n) {
      arch::Context context;
      context.root = tables_.root(0, false);
      context.asid = 1;
      if (format_ == arch::Format::x86_64)
        context.controls = static_cast<arch::u32>(arch::layout::Controls::NXE.mask());
      const u64 va = tables_.address(false);
      const auto op = static_cast<arch::Op>(random_.below(3));
      const arch::Request request{va, op, random_.one_in(2) ? arch::Mode::user : arch::Mode::kernel, false};
      port.translate(context, request);
      if (random_.one_in(3)) tables_.edit();
      if (random_.one_in(16)) port.invalidate(arch::layout::Inv::ALL);
      if (random_.one_in(200)) lockstep_.restart({});
    }
    lockstep_.finish();
  }

  // Each access is followed by a change of tables in the very cycle in which its response comes up.
  void run_with_standing_responses(unsigned accesses) {
    tb::MemoryTiming slow;
    slow.max_latency = 9;
    lockstep_.set_memory_timing(slow);
    auto& in = lockstep_.in();
    in.ctx_root = tables_.root(0, false);
    in.ctx_asid = 1;
    for (unsigned n = 0; n < accesses; ++n) {
      tb::present({tables_.address(false), arch::Op::read, arch::Mode::kernel, false}, n & 15, in.d);
      in.d.valid = 1;
      in.d.rsp_ready = 0;
      while (!lockstep_.out().d.req_ready) lockstep_.clock();
      lockstep_.clock();
      in.d.valid = 0;
      while (!lockstep_.out().d.rsp_valid) lockstep_.clock();
      for (unsigned edits = 0; edits < 8; ++edits) tables_.edit();
      in.d.rsp_ready = 1;
      lockstep_.clock();
    }
    lockstep_.finish();
  }
  void restart() { lockstep_.restart({}); }

  const against::Answers& answers() const { return monitor_.answers(); }
  against::AgainstMonitor& monitor() { return monitor_; }
  os::RamMem& memory() { return memory_; }

 private:
  static against::FollowerConfig follower(const admissible::CheckerConfig& rules) {
    against::FollowerConfig config{"", 2, {}, rules};
    config.lockstep.exact = false;
    config.lockstep.seed = 77;  // another timing than the first one's
    return config;
  }
  static tb::LockstepConfig config(tb::PassiveMonitor* monitor) {
    tb::LockstepConfig config;
    config.exact = false;
    config.monitor = monitor;
    return config;
  }

  arch::Format format_;
  os::RamMem memory_;
  tb::Random random_;
  admissible::CheckerConfig rules_;
  against::AgainstMonitor monitor_;
  tb::Dut dut_;
  tb::Lockstep lockstep_;
  tb::RandomTables tables_;
};

}  // namespace

// A DUT that acknowledges late, and looks whether anything is asked of it meanwhile.
namespace late {

const kilburn_dut_api* straight = nullptr;
unsigned left = 0;  // cycles until the acknowledge
bool pending = false;
unsigned operations = 0, asked_early = 0;
bool inv_ready = true;

void clock(void* self, const kilburn_dut_in* in, kilburn_dut_out* out) {
  if (pending && (in->i.valid || in->d.valid)) ++asked_early;
  if (in->inv_valid && inv_ready) ++operations, pending = true, left = 0;
  straight->clock(self, in, out);
  if (out->inv_ack) left = 50;
  out->inv_ack = left != 0 && --left == 0;
  if (pending) out->inv_ready = 0;
  if (out->inv_ack) pending = false;
  inv_ready = out->inv_ready != 0;
}

}  // namespace late

TEST_CASE("one access at a time, without TLBs, gets one answer") {
  const auto format = GENERATE(arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64);
  const auto library = tb::DutLibrary::load("arch", format);
  Sequence sequence(format, library, library, 9);
  sequence.run(3000);
  INFO(arch::name(format) << " " << (sequence.answers().examples().empty() ? "" : sequence.answers().examples()[0]));
  CHECK(sequence.answers().compared() == 3000);
  CHECK(sequence.answers().differing() == 0);
}

// Neither sets A or D without an access, and both see the same accesses: in the end both memories are alike.
TEST_CASE("one access at a time, without TLBs, leaves one memory") {
  const auto format = arch::Format::x86_64;
  const auto library = tb::DutLibrary::load("arch", format);
  Sequence sequence(format, library, library, 10);
  sequence.run(2000);
  CHECK(sequence.monitor().b().image().differing() == 0);
  u64 accessed = 0;
  for (u64 pa = 0; pa < sequence.memory().size(); pa += 8) accessed += sequence.memory().load64(pa) >> 5 & 1;
  CHECK(accessed > 0);
}

// As an OS does that handles a fault before it takes the next response.
TEST_CASE("software that writes while the first DUT's response still stands has been answered by the second") {
  const auto format = arch::Format::x86_64;
  const auto library = tb::DutLibrary::load("arch", format);
  Sequence sequence(format, library, library, 12);
  sequence.run_with_standing_responses(1000);
  CHECK(sequence.answers().compared() == 1000);
  CHECK(sequence.answers().differing() == 0);
}

// The second one sets A where the first does not; at a reset its memory is the first one's again.
TEST_CASE("a restart gives the second DUT the first one's memory") {
  const auto format = arch::Format::x86_64;
  Sequence sequence(format, tb::DutLibrary::load("arch", format), tb::DutLibrary::load("wild-early-a", format), 13);
  sequence.run(500);
  CHECK(sequence.monitor().b().image().differing() > 0);
  sequence.restart();
  CHECK(sequence.monitor().b().image().differing() == 0);
}

TEST_CASE("what comes after an acknowledge of the first DUT waits for the second one's") {
  const auto format = arch::Format::x86_64;
  const auto library = tb::DutLibrary::load("arch", format);
  static kilburn_dut_api api = library.api();
  late::straight = &library.api();
  api.clock = late::clock;
  Sequence sequence(format, library, tb::DutLibrary::wrap(api, "late"), 11);
  sequence.run(1000);
  CHECK(late::operations > 30);
  CHECK(late::asked_early == 0);
  CHECK(sequence.answers().differing() == 0);
}
