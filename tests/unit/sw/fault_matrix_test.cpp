// SPDX-License-Identifier: Apache-2.0
//
// Every I/O operation of a run that swaps and writes files fails once in every way (P55): no wrong byte
// reaches a process, no frame and no slot is lost. KILBURN_FAULT_SCALE=n makes the run n rounds long
// (nightly; 2 if it is not set) and leaves no operation out on Alpha either.
#include <cstdlib>

#include "tests/catch.h"
#include "tests/unit/sw/machine.h"

namespace kilburn::os {
namespace {

using Fault = FaultyDevice::Fault;
using Machine = test::Machine<>;
constexpr Rights kBoth = kRead | kWrite;

// Rounds of the run, 0: not said.
u64 scale() {
  static const char* const text = std::getenv("KILBURN_FAULT_SCALE");
  return text == nullptr ? 0 : std::strtoul(text, nullptr, 10);
}
u64 rounds() { return scale() == 0 ? 2 : scale(); }

struct Outcome {
  u64 digest = 0, killed = 0, lost = 0, noticed = 0, lost_writes = 0;
};

// Two processes with private, shared and file memory on few frames. Throws a Violation if a check fails.
template <class Faults>
Outcome run(arch::Format format, BlockDevice& swap, Faults&& file_faults) {
  Config c;
  c.format = format;
  c.frames = 22;
  c.swap_slots = 64;
  c.strict = true;
  c.audit_every = 100;
  c.file_faults = file_faults;
  Machine m(c, swap);
  u32 id = 0;
  static_cast<void>(m.kernel.memory().shm_get(1, 4 * m.page(), true, id));
  Process& p = m.kernel.spawn();
  Process& q = m.kernel.spawn();
  const u64 own = 0x1000000, file = 0x2000000, segment = 0x4000000;
  for (Process* x : {&p, &q}) {
    m.kernel.mmap(*x, own, 12 * m.page(), kBoth);
    m.kernel.mmap(*x, file, 8 * m.page(), kBoth, {3, 0, AreaKind::file_shared});
    m.kernel.shmat(*x, id, segment, kBoth);
  }
  for (u64 round = 0; round < rounds(); ++round) {
    for (u64 n = 0; n < 12; ++n) {
      for (Process* x : {&p, &q}) {
        if (x->alive()) m.store(*x, own + n * m.page() + 8 * round);
        if (x->alive() && n < 8)
          (n + round) % 2 == 0 ? m.store(*x, file + n * m.page()) : m.load(*x, file + n * m.page());
        if (x->alive() && n < 4) m.store(*x, segment + n * m.page() + 16);
        if (x->alive()) m.load(*x, own + (11 - n) * m.page());
      }
    }
    static_cast<void>(m.kernel.memory().write_back_all());
  }
  m.kernel.finish();
  const Statistics& s = m.kernel.statistics();
  return {m.kernel.digest(), s.killed, s.lost_granules,
          s.memory.read_errors + s.memory.write_errors + s.memory.checksum_errors, s.memory.lost_writes};
}

constexpr Fault kOnRead[] = {Fault::eio,  Fault::short_move, Fault::torn, Fault::misdirect,
                             Fault::lost, Fault::flip,       Fault::delay};
constexpr Fault kOnWrite[] = {Fault::eio,  Fault::no_space, Fault::short_move, Fault::torn,
                              Fault::lost, Fault::flip,     Fault::misdirect,  Fault::delay};

struct Totals {
  u64 runs = 0, same = 0, bus = 0, noticed = 0;
};

void judge(const Outcome& o, u64 digest, bool harmless, Totals& t) {
  ++t.runs;
  t.bus += o.killed + o.lost > 0;
  t.noticed += o.noticed > 0;
  t.same += o.digest == digest;
  if (harmless) CHECK(o.digest == digest);
  // Bytes differ only where a process was told: by SIGBUS, or in the count of what it never looked at.
  if (o.killed == 0 && o.lost == 0 && o.lost_writes == 0) CHECK(o.digest == digest);
}

bool harmless(Fault fault, bool on_write) {
  return fault == Fault::short_move || fault == Fault::delay || fault == Fault::eio ||
         (on_write && fault == Fault::no_space);  // once: repeated, or somewhere else
}

void matrix_of_swap(arch::Format format) {
  MemoryDevice plain;
  FaultyDevice counter(plain, std::vector<FaultyDevice::Plan>{});
  const u64 digest = run(format, counter, std::vector<FaultyDevice::Plan>{}).digest;
  REQUIRE(counter.writes() > 40);
  REQUIRE(counter.reads() > 30);
  // Every operation on x86-64; on Alpha, where all the code is the same but for words, one in four.
  const u64 step = format == arch::Format::alpha && scale() == 0 ? 4 : 1;
  Totals t;
  for (const bool on_write : {false, true}) {
    for (const Fault fault : on_write ? std::span<const Fault>(kOnWrite) : std::span<const Fault>(kOnRead)) {
      const u64 operations = on_write ? counter.writes() : counter.reads();
      for (u64 n = on_write ? 0 : static_cast<u64>(fault) % step; n < operations; n += step) {
        INFO(arch::name(format) << " swap " << (on_write ? "write " : "read ") << n << " fault "
                                << static_cast<int>(fault));
        MemoryDevice device;
        FaultyDevice faulty(device, {{fault, on_write, n, n}});
        judge(run(format, faulty, std::vector<FaultyDevice::Plan>{}), digest, harmless(fault, on_write), t);
      }
    }
  }
  CHECK(t.runs > 1000 / step);
  CHECK(t.bus > 200 / step);
  CHECK(t.noticed > 400 / step);
  CHECK(t.same > t.runs / 3);
  WARN(arch::name(format) << ", swap: " << t.runs << " runs, " << t.same << " with equal bytes, " << t.bus
                          << " with SIGBUS or a page given up");
}

void matrix_of_files(arch::Format format) {
  MemoryDevice plain;
  const u64 digest = run(format, plain, std::vector<FaultyDevice::Plan>{}).digest;
  Totals t;
  for (const bool on_write : {false, true}) {
    for (const Fault fault : on_write ? std::span<const Fault>(kOnWrite) : std::span<const Fault>(kOnRead)) {
      for (u64 n = 0; n < 40; ++n) {
        INFO(arch::name(format) << " file " << (on_write ? "write " : "read ") << n << " fault "
                                << static_cast<int>(fault));
        MemoryDevice device;
        const std::vector<FaultyDevice::Plan> plan{{fault, on_write, n, n}};
        judge(run(format, device, plan), digest, harmless(fault, on_write), t);
      }
    }
  }
  CHECK(t.runs == 600);
  CHECK(t.noticed > 50);
  WARN(arch::name(format) << ", files: " << t.runs << " runs, " << t.same << " with equal bytes, " << t.bus
                          << " with SIGBUS or a page given up");
}

TEST_CASE("fault matrix: every operation of the swap device fails once in every way (P55, x86-64)") {
  matrix_of_swap(arch::Format::x86_64);
}
TEST_CASE("fault matrix: every operation of the swap device fails once in every way (P55, Alpha)") {
  matrix_of_swap(arch::Format::alpha);
}
TEST_CASE("fault matrix: operations of the disk of files fail once in every way (P55)") {
  matrix_of_files(arch::Format::x86_64);
}

TEST_CASE("fault matrix: faults by chance, seeds printed") {
  for (u64 seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    MemoryDevice device;
    FaultyDevice faulty(
        device,
        FaultyDevice::Chance{
            seed, 12, {kOnWrite[0], Fault::lost, Fault::flip, Fault::torn, Fault::short_move, Fault::misdirect}});
    try {
      run(arch::Format::x86_64, faulty, std::vector<FaultyDevice::Plan>{});
    } catch (const HostError&) {
      // The header could not be written: named, and there was no run.
    }
    CHECK(faulty.hit() > 0);
  }
}

}  // namespace
}  // namespace kilburn::os
