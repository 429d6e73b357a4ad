// SPDX-License-Identifier: Apache-2.0
//
// Several MMUs on one memory: legal ones pass, what one hears of a change is not what another does, and a wrong one is
// named.
#include "tb/stimulus/harts_test.h"

#include <deque>

#include "model/arch/layout.h"
#include "sw/hw/ram.h"
#include "tb/admissible/lockstep_monitor.h"
#include "tb/ports/dut_port.h"
#include "tests/catch.h"

using namespace kilburn;
using admissible::Legality;
using arch::u64;
using Catch::Matchers::Contains;

namespace {

// Harts with the checker over all of them.
struct Several {
  Several(const char* dut, arch::Format format, unsigned count, u64 seed, const std::string& bug = {},
          unsigned bug_in = 0, u64 bytes = tb::RandomTables::kMemoryBytes)
      : memory(bytes),
        checker({format, {}, {}, {}, 0, true}, memory),
        library(tb::DutLibrary::load(dut, format)),
        harts(library, memory, config(seed), watch(count), bug, bug_in) {}

  static tb::LockstepConfig config(u64 seed) {
    tb::LockstepConfig config;
    config.seed = seed;
    config.exact = false;
    return config;
  }
  const std::vector<tb::PassiveMonitor*>& watch(unsigned count) {
    for (unsigned n = 0; n < count; ++n) {
      all.push_back(&monitors.emplace_back(checker, n == 0 ? 0 : checker.add_mmu(), memory));
    }
    return all;
  }
  u64 by(Legality legality) const { return checker.counts().by_legality[static_cast<unsigned>(legality)]; }

  os::RamMem memory;
  admissible::Checker checker;
  std::deque<admissible::LockstepMonitor> monitors;
  std::vector<tb::PassiveMonitor*> all;
  tb::DutLibrary library;
  tb::Harts harts;
};

// Four levels of tables that map one page; SDM 4.5, table 4-20: P, W, U, A, D.
constexpr u64 kRoot = 0x10000, kVa = 0x40201000, kFrame = 0x77000, kOther = 0x99000;
constexpr u64 kUser = 0x7, kAccessed = 0x20, kDirty = 0x40;
constexpr u64 kLeaf = 0x13000 + 8;  // index 1 of the last table

void build(os::PhysMem& memory) {
  memory.store64(kRoot, 0x11000 | kUser);
  memory.store64(0x11000 + 8, 0x12000 | kUser);  // VA<38:30> = 1
  memory.store64(0x12000 + 8, 0x13000 | kUser);  // VA<29:21> = 1
  memory.store64(kLeaf, kFrame | kUser);         // VA<20:12> = 1
}

struct Cpus {
  explicit Cpus(Several& several) {
    for (unsigned n = 0; n < several.harts.count(); ++n) ports.emplace_back(several.harts[n]);
    std::vector<tb::DutPort*> all;
    for (auto& port : ports) all.push_back(&port);
    tb::DutPort::join(all, [&several] { several.harts.clock(); });
    for (auto& port : ports) port.set_context({.root = kRoot, .asid = 1});
  }
  u64 read(unsigned cpu) {
    std::array<std::byte, 8> data{};
    const auto result = ports[cpu].access({kVa, arch::Op::read, arch::Mode::user, data});
    const auto* done = std::get_if<os::Done>(&result);
    return done ? done->pa : 0;
  }
  std::deque<tb::DutPort> ports;
};

}  // namespace

TEST_CASE("legal harts pass the random test on one memory") {
  const auto format = GENERATE(arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64);
  const unsigned count = GENERATE(1u, 2u, 4u);
  const char* dut = GENERATE("wild", "wild-speculative", "arch");
  Several several(dut, format, count, 31);
  tb::HartsTest test(several.harts, {.format = format, .count = 4000, .seed = 31, .vary_settings = true});
  INFO(dut << ", " << arch::name(format) << ", " << count << " harts");
  REQUIRE_NOTHROW((test.run(), several.harts.finish()));
  CHECK(several.checker.counts().judged == test.answered());
  u64 sum = 0;
  for (const u64 responses : test.result().responses) {
    CHECK(responses > 4000 / count / 8);
    sum += responses;
  }
  CHECK(sum == test.answered());
  CHECK(test.result().edits > 0);
  for (unsigned n = 0; n < count; ++n) CHECK(several.harts[n].cycle() == several.harts.cycle());
}

TEST_CASE("a wrong hart is named") {
  const unsigned wrong = GENERATE(0u, 1u, 2u);
  Several several("wild", arch::Format::x86_64, 3, 32, "T61", wrong);
  tb::HartsTest test(several.harts, {.format = arch::Format::x86_64, .count = 200000, .seed = 32});
  try {
    test.run();
    FAIL("nothing was found");
  } catch (const tb::DutWrong& found) {
    INFO(found.what());
    CHECK(found.check == "admissible");
    CHECK(several.harts.failed() == wrong);
    CHECK(several.checker.rejections().front().mmu == wrong);
  }
}

TEST_CASE("a change that one CPU alone was told of is legally stale on the other") {
  Several several("wild-huge", arch::Format::x86_64, 2, 33, {}, 0, 1 << 20);
  build(several.harts.memory());
  Cpus cpus(several);
  CHECK(cpus.read(0) == kFrame);
  CHECK(cpus.read(1) == kFrame);
  several.harts.memory().store64(kLeaf, kOther | kUser);
  cpus.ports[0].invalidate(os::Invalidate::page, kVa, 1);
  cpus.ports[0].wait_invalidated();
  CHECK(cpus.read(0) == kOther);
  const u64 other = cpus.read(1);
  CHECK((other == kFrame || other == kOther));
  cpus.ports[1].idle(1);  // takes the response, which is judged then
  CHECK(several.by(Legality::stale) == (other == kFrame ? 1 : 0));
  cpus.ports[1].invalidate(os::Invalidate::page, kVa, 1);
  cpus.ports[1].wait_invalidated();
  CHECK(cpus.read(1) == kOther);
  for (auto& port : cpus.ports) port.drain();
  several.harts.finish();
}

TEST_CASE("an answer that is stale on a CPU that was told is rejected, the other CPU's is not") {
  const unsigned deaf = GENERATE(0u, 1u);
  // T67: the invalidation of a page misses entries of address spaces but 0.
  Several several("wild-huge", arch::Format::x86_64, 2, 34, "T67", deaf, 1 << 20);
  build(several.harts.memory());
  Cpus cpus(several);
  const auto all = [&] {
    for (unsigned round = 0; round < 200; ++round) {
      const u64 frame = round % 2 == 0 ? kFrame : kOther;
      several.harts.memory().store64(kLeaf, frame | kUser);
      for (auto& port : cpus.ports) port.invalidate(os::Invalidate::page, kVa, 1);
      for (auto& port : cpus.ports) port.wait_invalidated();
      for (unsigned n = 0; n < 2; ++n) cpus.read(n);
    }
  };
  CHECK_THROWS_AS(all(), tb::DutWrong);
  REQUIRE_FALSE(several.checker.rejections().empty());
  CHECK(several.checker.rejections().front().mmu == deaf);
  CHECK(several.harts.failed() == deaf);
}

TEST_CASE("CPUs share one clock, and walkers of one see what walkers of another have set") {
  Several several("arch", arch::Format::x86_64, 3, 35, {}, 0, 1 << 20);
  build(several.harts.memory());
  Cpus cpus(several);
  cpus.read(2);
  CHECK((several.memory.load64(kLeaf) & (kAccessed | kDirty)) == kAccessed);
  const u64 writes = several.checker.counts().walker_writes;
  CHECK(writes == 4);
  cpus.read(0);  // A is set already: no walker writes again
  CHECK(several.checker.counts().walker_writes == writes);
  std::array<std::byte, 8> data{};
  cpus.ports[1].access({kVa, arch::Op::write, arch::Mode::user, data});
  CHECK((several.memory.load64(kLeaf) & kDirty) != 0);
  CHECK(several.checker.counts().walker_writes == writes + 1);
  for (unsigned n = 0; n < 3; ++n) CHECK(cpus.ports[n].now() == several.harts.cycle());
  // A prefetch of one CPU is answered while another one waits.
  cpus.ports[0].prefetch(kVa, arch::Op::read, arch::Mode::user);
  cpus.read(1);
  for (auto& port : cpus.ports) port.drain();
  several.harts.finish();
  CHECK(several.checker.counts().judged == 5);
}
