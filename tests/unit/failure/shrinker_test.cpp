// SPDX-License-Identifier: Apache-2.0
//
// Recorded random tests on seeded bugs, shrunk: the small test fails as the long one did, with the bug only.
#include "tb/failure/shrinker.h"

#include "sw/hw/ram.h"
#include "tb/failure/directed_replay.h"
#include "tb/stimulus/random_test.h"
#include "tests/catch.h"

using namespace kilburn;
using namespace kilburn::tb;

namespace {

struct Failed {
  OperationRecorder record;
  std::string signature;
};

// A random test until its failure, watched from the first cycle.
Failed run_random_test(const DutLibrary& library, arch::Format format, const std::string& bug, arch::u64 seed) {
  Failed failed;
  os::RamMem memory(RandomTables::kMemoryBytes);
  Dut dut(library, seed);
  dut.select_bug(bug);
  LockstepConfig config;
  config.seed = seed;
  config.quantum = 1;
  Lockstep lockstep(dut, memory, config);
  lockstep.on_quantum = [&] { failed.record.look(lockstep); };
  RandomTestConfig test_config{format, 20000, seed};
  test_config.features = library.api().config.features;
  try {
    RandomTest(lockstep, test_config).run();
  } catch (const DutWrong& wrong) {
    failed.record.look(lockstep);
    failed.signature = signature(wrong);
  }
  return failed;
}

DutLibrary library_of(arch::Format format) {
  return DutLibrary::load(
      std::string(KILBURN_TEST_DUTS) + "/kilburn_dut_mmu-bugs-" + std::string(arch::name(format)) + ".so", format);
}

}  // namespace

TEST_CASE("a failing run shrinks to a few operations that fail in the same way") {
  struct Case {
    arch::Format format;
    const char* bug;
  };
  const auto [format, bug] =
      GENERATE(Case{arch::Format::x86_64, "T61"}, Case{arch::Format::x86_64, "T20"}, Case{arch::Format::x86_64, "T75"},
               Case{arch::Format::x86_64, "T60"}, Case{arch::Format::x86_64, "PSC-ASID"},
               Case{arch::Format::alpha, "T102"}, Case{arch::Format::alpha, "T84"});
  INFO(bug);
  const DutLibrary library = library_of(format);
  const Failed failed = run_random_test(library, format, bug, 2);
  REQUIRE_FALSE(failed.signature.empty());
  ShrinkConfig config;
  config.bug = bug;
  config.admissible = false;
  config.signature = failed.signature;
  config.seed = 2;
  config.seconds = 20;
  const auto shrunk = shrink(library, failed.record, config);
  REQUIRE(shrunk);
  CHECK(shrunk->signature == failed.signature);
  CHECK(shrunk->test.operations.size() <= 20);
  CHECK(shrunk->in_time);

  // The same twice, nothing without the bug, and no operation could be left out.
  const auto again = replay(library, shrunk->test, config);
  REQUIRE(again);
  CHECK(again->message == shrunk->message);
  CHECK(again->begun == shrunk->test.operations.size());
  ShrinkConfig healthy = config;
  healthy.bug.clear();
  CHECK_FALSE(replay(library, shrunk->test, healthy));
  DirectedTest none = shrunk->test;
  none.operations.resize(1);
  if (shrunk->test.operations.size() > 1) {
    const auto first = replay(library, none, config);
    CHECK((!first || first->signature != failed.signature));
  }
}

TEST_CASE("a run that cannot be shown again in parts says so") {
  const DutLibrary library = library_of(arch::Format::x86_64);
  const Failed failed = run_random_test(library, arch::Format::x86_64, "T61", 2);
  ShrinkConfig config;  // without the bug nothing fails
  config.admissible = false;
  config.signature = failed.signature;
  config.seconds = 2;
  CHECK_FALSE(shrink(library, failed.record, config));
}

TEST_CASE("signatures name check and pin, structure or rule") {
  CHECK(signature("exact", "d_rsp_pa_o", "x") == "exact d_rsp_pa_o");
  CHECK(signature("exact", "dtlb[3].pa", "x") == "exact dtlb");
  CHECK(signature("protocol", "", "R5: read of 0x1, accepted in cycle 7") == "protocol R5");
}

TEST_CASE("the memory of a directed test holds its words and no others") {
  DirectedTest test;
  test.words = {{0x1000, 0x1122334455667788}};
  SparseMemory memory(test);
  CHECK(memory.load64(0x1000) == 0x1122334455667788);
  CHECK(memory.load64(0x1008) == 0);
  CHECK(memory.was_read(0x1008));
  CHECK_FALSE(memory.was_read(0x1010));
  CHECK(memory.cas64(0x1000, 1, 2) == 0x1122334455667788);
  CHECK(memory.cas64(0x1008, 0, 2) == 0);
  CHECK(memory.load64(0x1008) == 2);
  std::byte bytes[4];
  memory.read(0x1006, bytes);
  CHECK(std::to_integer<int>(bytes[0]) == 0x22);
  CHECK(std::to_integer<int>(bytes[2]) == 0x02);
  const std::byte written[2] = {std::byte{0xaa}, std::byte{0xbb}};
  memory.write(0x1007, written);
  CHECK(memory.load64(0x1000) == 0xaa22334455667788);
  CHECK(memory.load64(0x1008) == 0xbb);
}
