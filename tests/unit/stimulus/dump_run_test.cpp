// SPDX-License-Identifier: Apache-2.0
//
// Dumps on a DUT: every mapping is translated, and everything that a DUT may get wrong is told.
#include "tb/stimulus/dump_test.h"
#include "tests/catch.h"
#include "tests/unit/stimulus/bent_dut.h"
#include "tests/unit/stimulus/dump_file.h"

using namespace kilburn;
using test::Bend;
using test::DumpFile;

namespace {

// 1024 pages of 4 KB with rights of every kind, some clean, and 16 of 2 MB.
DumpFile guest() {
  DumpFile file;
  file.set(0x1000, 0x2027);
  file.set(0x2000, 0x3027);
  file.set(0x3000, 0x4007);  // A not set
  file.set(0x3008, 0x5027);
  for (arch::u64 n = 0; n < 16; ++n) file.set(0x3010 + 8 * n, n << 21 | 0xa7 | (n & 1) << 63);
  for (arch::u64 n = 0; n < 1024; ++n) {
    const arch::u64 rights = 1 | (n & 7) << 1 | (n & 8 ? arch::u64{1} << 63 : 0) | (n & 16 ? 0x60 : 0);
    file.set(0x4000 + 8 * n, (0x10000 + n) << 12 | (rights & ~arch::u64{8}));
  }
  return file;
}

struct Run {
  tb::DumpTestResult result;
  std::string check, message, refused;
  std::vector<std::string> explanation;
};

Run run(const tb::ElfDump& dump, Bend bend, arch::u64 count = 0, arch::u64 seed = 1) {
  const auto tables = tb::tables_of(dump, {});
  const auto library = test::bent_dut(arch::Format::x86_64, bend);
  tb::Dut dut(library, 1);
  tb::DumpMemory memory(dump);
  tb::LockstepConfig config;
  config.exact = false;
  tb::Lockstep lockstep(dut, memory, config);
  Run r;
  try {
    tb::DumpTest test(lockstep, dump, memory, tables, {seed, 1 << 20, count});
    try {
      test.run();
      lockstep.finish();
    } catch (const tb::DutWrong& wrong) {
      r.check = wrong.check;
      r.message = wrong.what();
    }
    r.result = test.result();
    r.explanation = test.explanation();
  } catch (const tb::UserError& e) {
    r.refused = e.what();
  }
  return r;
}

Run run(const DumpFile& file, Bend bend = Bend::none, arch::u64 count = 0, arch::u64 seed = 1) {
  const auto bytes = file.bytes();
  const Run r = run(tb::ElfDump::from_memory(bytes, "d"), bend, count, seed);
  CHECK(file.bytes() == bytes);  // the dump is never written
  return r;
}

}  // namespace

TEST_CASE("every mapping is translated, with faults and invalidations between") {
  for (arch::u64 seed : {1, 2, 3}) {
    const Run r = run(guest(), Bend::none, 0, seed);
    INFO(r.message);
    CHECK(r.message.empty());
    CHECK(r.result.found.mappings == 1040);
    CHECK(r.result.mappings == 1040);
    CHECK(r.result.requests == r.result.mappings + r.result.neighbours);
    CHECK(r.result.neighbours > 20);
    CHECK(r.result.invalidations > 20);
    CHECK(r.result.faults[0] > 500);
    CHECK(r.result.faults[1] > 50);
    CHECK(r.result.changed_words > 100);
  }
}

TEST_CASE("a part of the mappings") {
  const Run r = run(guest(), Bend::none, 100);
  CHECK(r.message.empty());
  CHECK(r.result.found.mappings == 1040);
  CHECK(r.result.mappings == 100);
}

TEST_CASE("each bent pin is told with the walk beside it") {
  for (Bend bend : {Bend::frame, Bend::error, Bend::grant, Bend::refuse, Bend::accessed, Bend::size}) {
    const Run r = run(guest(), bend);
    INFO(static_cast<int>(bend));
    CHECK(r.check == "dump");
    CHECK(r.explanation.size() > 5);
  }
  const Run dirty = run(guest(), Bend::dirty);
  CHECK(dirty.check == "dump");
  CHECK(dirty.message.find("the word at 0x") != std::string::npos);
}

TEST_CASE("a dump without mappings proves nothing") {
  CHECK(run(DumpFile()).refused.find("hold no mapping") != std::string::npos);
}

TEST_CASE("a real guest") {
  const Run r = run(tb::ElfDump::open(KILBURN_TEST_DATA "/dumps/linux-5level.elf"), Bend::none);
  INFO(r.message << r.refused);
  CHECK(r.message.empty());
  CHECK(r.refused.empty());
  CHECK(r.result.mappings == 11687);
  CHECK(r.result.faults[0] > 8000);
}
