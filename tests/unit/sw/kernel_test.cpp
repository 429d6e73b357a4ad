// SPDX-License-Identifier: Apache-2.0
//
// Recorded programs: the same bytes at the end for every number of frames, format, port and seed (P37,
// P47), and what happens when memory, swap space or the host's files fail.
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/catch.h"
#include "tests/unit/sw/machine.h"
#include "tests/unit/sw/tlb_port.h"

namespace kilburn::os {
namespace {

using test::kFormats;

Config config(arch::Format format, u32 frames) {
  Config c;
  c.format = format;
  c.frames = frames;
  c.audit_every = 3000;
  return c;
}

TEST_CASE("kernel: the recorded program ends with the same bytes on every format and number of frames") {
  std::set<u64> digests;
  for (const arch::Format format : kFormats) {
    u64 finished = 0, swapping = 0;
    for (u32 frames : {400u, 60u, 40u, 34u, 30u, 20u, 9u}) {
      INFO(arch::name(format) << " frames " << frames);
      test::Machine<> m(config(format, frames));
      try {
        test::run_mini(m);
      } catch (const OutOfMemory&) {
        continue;
      }
      ++finished;
      const Statistics& s = m.kernel.statistics();
      swapping += s.memory.swapped_in > 20;
      digests.insert(m.kernel.digest());
      // Counted in the recording: grep -c '^I\|^ [LSM]' of the three files.
      CHECK(s.references == 11617);
      CHECK(s.killed == 0);
      CHECK(s.processes == 3);
      CHECK(s.children_without_trace == 0);
      CHECK(s.loads_checked > 9000);
      CHECK(m.kernel.memory().buddy().free_frames() == m.kernel.memory().buddy().frames());
    }
    INFO(arch::name(format));
    CHECK(finished >= 5);
    CHECK(swapping >= 2);
  }
  CHECK(digests.size() == 1);
}

TEST_CASE("kernel: and on every port, seed, yield policy, quantum and ageing policy") {
  std::set<u64> digests;
  u64 yields = 0, prefetches = 0;
  const auto run = [&](auto&& m) {
    test::run_mini(m);
    digests.insert(m.kernel.digest());
    yields += m.kernel.statistics().yields;
  };
  for (const arch::Format format : kFormats) {
    Config c = config(format, 40);
    c.audit_every = 0;
    run(test::Machine<>(c));
    run(test::Machine<test::TlbPort>(c));
    for (const u64 seed : {1u, 2u}) {
      c.seed = seed;
      for (const YieldPolicy yield : {YieldPolicy::every, YieldPolicy::random}) {
        c.yield = yield;
        c.quantum = seed == 2 ? 7 : 300;
        test::Machine<test::TlbPort> m(c);
        run(m);
        prefetches += m.port.prefetches();
      }
    }
    c.age_invalidate = AgeInvalidate::none;
    c.asid_bits = 1;
    run(test::Machine<test::TlbPort>(c));
    c.swap_path = (std::filesystem::temp_directory_path() / "kilburn_unit_sw.swap").string();
    run(test::Machine<>(c));
  }
  CHECK(digests.size() == 1);
  CHECK(yields > 1000);
  CHECK(prefetches > 1000);
}

TEST_CASE("kernel: equal seeds give equal runs (P60)") {
  const auto run = [](u64 seed) {
    Config c = config(arch::Format::x86_64, 40);
    c.yield = YieldPolicy::random;
    c.seed = seed;
    test::Machine<test::TlbPort> m(c);
    test::run_mini(m);
    const Statistics& s = m.kernel.statistics();
    return std::tuple(s.cycles, s.invalidations, s.yields, s.memory.swapped_out, s.memory.aged);
  };
  CHECK(run(5) == run(5));
  CHECK(run(5) != run(6));
}

TEST_CASE("kernel: a child without a trace shares its parent's memory for a while") {
  test::Machine<> m(config(arch::Format::x86_64, 200));
  const auto reader = LackeyReader::open(test::trace_path("28871"));
  m.kernel.run(*reader);
  CHECK(m.kernel.statistics().children_without_trace == 2);
  CHECK(m.kernel.statistics().processes == 3);
}

TEST_CASE("kernel: references can be limited") {
  Config c = config(arch::Format::x86_64, 200);
  c.max_references = 1234;
  test::Machine<> m(c);
  test::run_mini(m);
  CHECK(m.kernel.statistics().references == 1234);
}

TEST_CASE("kernel: strict mode kills at the first access outside the mapped areas") {
  Config c = config(arch::Format::x86_64, 60);
  c.strict = true;
  test::Machine<> m(c);
  test::run_mini(m);
  CHECK(m.kernel.statistics().killed == 1);
  CHECK(m.kernel.statistics().references == 1);  // the first instruction: its area is not in the recording
  CHECK(m.kernel.processes()[0]->killed_by == Signal::segv);
}

TEST_CASE("kernel: too few frames is the user's error, in one sentence") {
  const auto message = [](Config c) -> std::string {
    try {
      test::Machine<> m(c);
      test::run_mini(m);
    } catch (const UserError& e) {
      return e.what();
    }
    return "";
  };
  CHECK(message(config(arch::Format::x86_64, 4)) == "4 frames are too few: a process needs at least 8");
  CHECK(message(config(arch::Format::alpha, 0)) == "0 frames are too few: a process needs at least 7");
  CHECK_THAT(message(config(arch::Format::x86_64, 9)),
             Catch::Matchers::StartsWith("out of memory: 9 frames and 4096 swap slots"));
  Config c = config(arch::Format::alpha, 30);
  c.swap_slots = 1u << 24;
  CHECK(message(c) == "16777216 swap slots are more than an entry can name");
  c.swap_slots = 10;
  c.asid_bits = 13;
  CHECK(message(c) == "ASID bits must be 1 to 12");
  c.asid_bits = 8;
  c.swap_path = "/nonexistent/folder/swap";
  CHECK(message(c) == "cannot create the swap file /nonexistent/folder/swap: No such file or directory");
}

TEST_CASE("kernel: swap space that is full ends in a named error, not in lost bytes") {
  for (const u32 slots : {0u, 1u, 5u, 12u}) {
    Config c = config(arch::Format::x86_64, 32);
    c.swap_slots = slots;
    test::Machine<> m(c);
    INFO("slots " << slots);
    CHECK_THROWS_AS(test::run_mini(m), OutOfMemory);
    CHECK(m.kernel.statistics().memory.swap_full > 0);
    m.kernel.audit();  // all books still agree: the failed evictions came back
  }
}

TEST_CASE("kernel: a trace that does not fit the address space is named by its line") {
  const std::string text =
      "SYSCALL[1,1](9) sys_mmap ( 0x0, 4096, 3, 34, -1, 0 ) --> [pre-success] Success(0x7f0000000000) \n S "
      "7f0000000000,8\n";
  LackeyReader reader(LineSource::from_memory(text, "log"));
  test::Machine<> m(config(arch::Format::alpha, 30));
  CHECK_THROWS_WITH(m.kernel.run(reader),
                    "log:1: mmap cannot be repeated in the alpha address space: Invalid argument");
}

// --- faults of the host's files ---------------------------------------------------------------------

struct FaultyRun {
  explicit FaultyRun(std::vector<FaultyDevice::Plan> plans, arch::Format format = arch::Format::x86_64)
      : faulty(under, std::move(plans)), machine(config(format, 36), faulty) {
    test::run_mini(machine);
  }
  const Statistics& s() { return machine.kernel.statistics(); }
  MemoryDevice under;
  FaultyDevice faulty;
  test::Machine<> machine;
};

u64 plain_digest() {
  FaultyRun run({});
  return run.machine.kernel.digest();
}

TEST_CASE("kernel: a failed write costs a slot, no byte") {
  FaultyRun run({{FaultyDevice::Fault::eio, true, 3, 8}});
  CHECK(run.s().memory.write_errors == 6);
  CHECK(run.machine.kernel.memory().swap().bad_slots() == 6);
  CHECK(run.s().killed == 0);
  CHECK(run.machine.kernel.digest() == plain_digest());
}

TEST_CASE("kernel: reads that fail once are retried") {
  FaultyRun run({{FaultyDevice::Fault::eio, false, 5, 6}});
  CHECK(run.s().memory.read_errors == 0);
  CHECK(run.machine.kernel.digest() == plain_digest());
}

TEST_CASE("kernel: a page that cannot be read is SIGBUS for its owner, never wrong data") {
  FaultyRun run({{FaultyDevice::Fault::eio, false, 20, 22}});  // three attempts
  CHECK(run.s().memory.read_errors == 1);
  CHECK(run.s().killed == 1);
  CHECK(run.machine.kernel.memory().swap().bad_slots() == 1);
  u64 killed_by_bus = 0;
  for (const auto& p : run.machine.kernel.processes()) killed_by_bus += p->killed_by == Signal::bus;
  CHECK(killed_by_bus == 1);
}

TEST_CASE("kernel: any single fault of the swap device is survived or named (P55)") {
  u64 noticed = 0, runs = 0;
  for (const FaultyDevice::Fault fault :
       {FaultyDevice::Fault::lost, FaultyDevice::Fault::misdirect, FaultyDevice::Fault::eio}) {
    for (u64 n = 0; n < 150; n += 15) {
      FaultyRun run({{fault, true, n, n}});  // throws a Violation if one wrong byte is read
      noticed += run.s().memory.checksum_errors + run.s().memory.write_errors > 0;
      ++runs;
    }
  }
  for (u64 n = 0; n < 150; n += 15) {
    FaultyRun run({{FaultyDevice::Fault::flip, false, n, n}}, arch::Format::alpha_x64);
    noticed += run.s().memory.checksum_errors > 0;
    ++runs;
  }
  CHECK(runs == 40);
  CHECK(noticed > 30);  // a lost write of a page that is never read again stays unnoticed, rightly
}

TEST_CASE("kernel: a swap file damaged from outside is found") {
  Config c = config(arch::Format::x86_64, 20);
  c.strict = true;
  c.swap_path = (std::filesystem::temp_directory_path() / "kilburn_unit_sw_damage.swap").string();
  test::Machine<> m(c);
  Process& p = m.kernel.spawn();
  Process& other = m.kernel.spawn();
  for (Process* q : {&p, &other}) {
    REQUIRE(m.kernel.mmap(*q, 0x10000, 24 * 4096, kRead | kWrite) == 0);
    for (u64 n = 0; n < 24; ++n) REQUIRE(m.store(*q, 0x10000 + n * 4096));
  }
  const PteFormat& f = m.kernel.memory().format();
  const PteView out = f.view(p.space->table.load(0x10000));
  REQUIRE(out.kind == EntryKind::swap);
  {
    std::fstream file(c.swap_path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(out.slot) * 4096 + 2000);
    file.put('x');
  }
  CHECK_FALSE(m.load(p, 0x10000));
  CHECK(p.killed_by == Signal::bus);
  CHECK(m.kernel.statistics().memory.checksum_errors == 1);
  CHECK_THAT(m.kernel.memory().swap().last_error(), Catch::Matchers::Contains("checksum"));
  for (u64 n = 0; n < 24; ++n) REQUIRE(m.load(other, 0x10000 + n * 4096));
  m.kernel.finish();
}

TEST_CASE("P31: a load across pages whose second half makes the first page old is no violation") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Config c;
    c.format = format;
    c.frames = 24;
    c.swap_slots = 256;
    c.audit_every = 1;
    test::Machine m(c);
    Process& p = m.kernel.spawn();
    const u64 pages = 64;
    const u64 a = m.kernel.mmap_anywhere(p, pages * m.page(), kRead | kWrite);
    for (u64 n = 0; n < pages; ++n) REQUIRE(m.store(p, a + n * m.page()));
    // Every load crosses into a page that is swapped out, so that reclaim runs between its halves.
    for (u64 round = 0; round < 3; ++round) {
      for (u64 n = 1; n < pages; ++n) REQUIRE(m.load(p, a + n * m.page() - 4));
    }
    CHECK(m.kernel.statistics().memory.aged > 0);
    m.kernel.finish();
  }
}

}  // namespace
}  // namespace kilburn::os
