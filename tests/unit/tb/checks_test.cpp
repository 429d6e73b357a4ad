// SPDX-License-Identifier: Apache-2.0
//
// The checks bite: a DUT that behaves passes, each planted misbehaviour is named.
#include "sw/hw/ram.h"
#include "tb/failure/failure.h"
#include "tb/stimulus/random_test.h"
#include "tests/catch.h"

using namespace kilburn;

namespace {

struct Run {
  std::string check, signal, message;
  tb::Failure failure;
  arch::u64 answered = 0, pins = 0, entries = 0;
  arch::u64 translated = 0, faulted = 0, compared = 0;
};

Run run(arch::Format format, const std::string& bug, bool exact, bool settled = false, arch::u64 count = 20000) {
  std::string file(arch::name(format));
  for (char& c : file) c = c == '-' ? '_' : c;
  const auto library = tb::DutLibrary::load(std::string(KILBURN_TEST_DUTS) + "/twin_" + file + ".so", format);
  tb::Dut dut(library, 1);
  dut.select_bug(bug);
  os::RamMem memory(tb::RandomTables::kMemoryBytes);
  tb::LockstepConfig config;
  config.exact = exact;
  config.answer_limit = 20000;  // a storm of invalidations may hold up a walk for a whole phase
  config.contents_interval = 4096;
  tb::Lockstep lockstep(dut, memory, config);
  tb::RandomTest test(lockstep,
                      {.format = format, .count = count, .seed = 7, .vary_settings = true, .settled_phases = settled});
  Run r;
  try {
    test.run();
    lockstep.finish();
  } catch (const tb::DutWrong& wrong) {
    r.check = wrong.check;
    r.signal = wrong.difference.signal;
    r.message = wrong.what();
    r.failure = tb::tell(wrong, lockstep);
  }
  r.answered = test.answered();
  if (lockstep.check()) r.pins = lockstep.check()->pin_comparisons(), r.entries = lockstep.check()->entry_comparisons();
  r.translated = test.result().faults[0];
  r.compared = test.result().compared;
  for (unsigned code = 1; code < 16; ++code) r.faulted += test.result().faults[code];
  return r;
}

}  // namespace

TEST_CASE("a DUT that equals its reference passes, and was compared") {
  for (auto format : {arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64}) {
    const Run r = run(format, "", true);
    INFO(arch::name(format) << ": " << r.message);
    CHECK(r.check == "");
    CHECK(r.answered >= 20000);
    CHECK(r.pins > 10000u * 29);  // two ports may answer in one cycle
    CHECK(r.entries >= 48);
    // The stimulus reaches both kinds of outcome often.
    CHECK(r.translated > 2000);
    CHECK(r.faulted > 1000);
  }
}

TEST_CASE("the exact check names the pin") {
  const Run wrong_frame = run(arch::Format::x86_64, "PA", true);
  CHECK(wrong_frame.check == "exact");
  CHECK(wrong_frame.signal == "d_rsp_pa_o");
  CHECK((wrong_frame.failure.expected ^ wrong_frame.failure.found) == 0x1000);
  CHECK_FALSE(wrong_frame.failure.request.empty());
  CHECK_FALSE(wrong_frame.failure.reference_walk.empty());
  CHECK_FALSE(wrong_frame.failure.history.empty());
  CHECK_FALSE(wrong_frame.failure.twin.empty());
  CHECK(run(arch::Format::x86_64, "ID", true).signal == "d_rsp_id_o");
  CHECK(run(arch::Format::x86_64, "HANG", true).signal == "d_rsp_valid_o");
  CHECK(run(arch::Format::x86_64, "NOACK", true).signal == "inv_ack_o");
}

TEST_CASE("the exact check compares the outputs of a reset, the first one too") {
  for (const arch::u64 count : {20000, 1}) {
    const Run r = run(arch::Format::x86_64, "RESET", true, false, count);
    CHECK(r.check == "exact");
    CHECK(r.signal == "mem_req_addr_o");
    CHECK_THAT(r.message, Catch::Matchers::EndsWith("in cycle 0"));
  }
}

TEST_CASE("the exact check compares TLB contents, not only pins") {
  const Run r = run(arch::Format::alpha, "CONTENTS", true);
  CHECK(r.check == "exact");
  CHECK(r.signal.substr(0, 8) == "dtlb[3].");
}

TEST_CASE("protocol rules hold without a reference") {
  CHECK(run(arch::Format::x86_64, "", false).check == "");
  const Run hang = run(arch::Format::x86_64, "HANG", false);
  CHECK(hang.check == "protocol");
  CHECK_THAT(hang.message, Catch::Matchers::Contains("R5"));
  const Run id = run(arch::Format::x86_64, "ID", false);
  CHECK(id.check == "protocol");
  CHECK_THAT(id.message, Catch::Matchers::Contains("R3"));
  CHECK_THAT(run(arch::Format::x86_64, "NOACK", false).message, Catch::Matchers::Contains("R6"));
  CHECK_THAT(run(arch::Format::x86_64, "HOLD", false).message, Catch::Matchers::Contains("R2"));
}

TEST_CASE("a DUT without a twin is compared with the architecture's walk while the tables rest") {
  // Some thousand cycles a phase, in which a good hit stream answers some thousand requests: long enough for a dozen
  // phases of either kind. Alpha's misses for software to fill are not compared.
  constexpr arch::u64 kCount = 60000;
  for (auto format : {arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64}) {
    const Run good = run(format, "", false, true, kCount);
    INFO(arch::name(format) << ": " << good.message);
    CHECK(good.check == "");
    CHECK(good.answered >= kCount);
    CHECK(good.compared > kCount / 4);
    const Run wrong = run(format, "PA", false, true);
    CHECK(wrong.check == "architecture");
    CHECK(wrong.signal == "d_rsp_pa_o");
  }
}

TEST_CASE("the same seed gives the same run, another seed another") {
  const Run a = run(arch::Format::x86_64, "PA", true);
  const Run b = run(arch::Format::x86_64, "PA", true);
  CHECK(a.message == b.message);
}
