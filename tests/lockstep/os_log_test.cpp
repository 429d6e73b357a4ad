// SPDX-License-Identifier: Apache-2.0
//
// P61: what the OS does on the architectural walk and on the RTL is the same, event by event, but for A bits that the
// hardware set early.
#include "sw/check/compare.h"
#include "sw/hw/arch_port.h"
#include "sw/os/kernel.h"
#include "sw/trace/lackey.h"
#include "tb/ports/dut_port.h"
#include "tests/catch.h"
#include "tests/duts.h"

using namespace kilburn;
using os::u64;

namespace {

constexpr arch::Format kFormats[] = {arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64};

constexpr u64 kSample = 7000;  // references; the program has 10 019

std::string trace(const std::string& pid) { return std::string(KILBURN_TEST_DATA) + "/traces/mini." + pid + ".lk"; }

// `checks` off: nothing but the comparison is left to see what the hardware does.
os::Config config(arch::Format format, arch::u32 frames, bool checks = true) {
  os::Config c;
  c.format = format;
  c.frames = frames;
  c.block = false;  // when a read from disk is over depends on the clock, which the two do not share
  c.check_order = c.check_loads = c.check_contents = c.check_calls = c.check_translation = checks;
  return c;
}

// A recorded program with two children.
void run(os::Kernel& kernel, os::LogRecorder& log) {
  kernel.record(&log);
  const auto reader = os::LackeyReader::open(trace("28871"));
  kernel.run(*reader, [](os::u32 pid) { return os::LackeyReader::open(trace(std::to_string(pid))); });
}

u64 bytes(const os::Config& c) { return u64{c.frames} << arch::info(c.format).page_shift; }

std::vector<os::MmEvent> on_model(const os::Config& c) {
  os::RamMem memory(bytes(c));
  os::ArchMmuPort port(c.format, memory);
  os::Kernel kernel(memory, port, port, c);
  os::LogRecorder log;
  run(kernel, log);
  return log.events;
}

struct OnRtl {
  std::vector<os::MmEvent> events;
  u64 swapped_out = 0;
};

// Hardware that walks ahead: after the sample every page is read before the program does.
void walk_ahead(os::Kernel& kernel, tb::DutPort& port) {
  kernel.observe(kSample + 1, [&](u64) {
    std::vector<u64> pages;
    for (const auto& process : kernel.processes()) {
      if (!process->alive()) continue;
      process->space->table.for_each_leaf(0, kernel.memory().format().user_top(),
                                          [&](u64 page, u64) { pages.push_back(page); });
    }
    for (const u64 page : pages) {
      port.prefetch(page, arch::Op::read, arch::Mode::user);
      port.drain();
    }
    return ~u64{0};
  });
}

OnRtl on_rtl(const std::string& name, const os::Config& c, const std::string& bug = {}, bool ahead = false) {
  const tb::DutLibrary library = tb::dut_library(name, c.format);
  tb::Dut dut(library, 1);
  dut.select_bug(bug);
  os::RamMem memory(bytes(c));
  tb::LockstepConfig lockstep_config;
  lockstep_config.exact = bug.empty();
  tb::Lockstep lockstep(dut, memory, lockstep_config);
  tb::DutPort port(lockstep);
  os::Kernel kernel(lockstep.memory(), port, port, c);
  if (ahead) walk_ahead(kernel, port);
  os::LogRecorder log;
  run(kernel, log);
  port.drain();
  lockstep.finish();
  return {std::move(log.events), kernel.statistics().memory.swapped_out};
}

u64 skew(const os::Config& c, const std::vector<os::MmEvent>& model, const OnRtl& rtl) {
  return os::require_equal_but_for_a(os::PteFormat::of(c.format), model, rtl.events);
}

}  // namespace

TEST_CASE("the OS's log on RTL is that on the architectural walk, page by page of a program that swaps (P61)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    const os::Config c = config(format, 40);
    const auto model = on_model(c);
    const OnRtl rtl = on_rtl("mmu", c);
    CHECK(rtl.swapped_out > 10);
    CHECK(model.size() > 1000);
    // Nothing is walked ahead.
    CHECK(skew(c, model, rtl) == 0);
  }
}

TEST_CASE("A that hardware sets early is no difference of the logs, A that it misses is one (P61)") {
  os::Config c = config(arch::Format::x86_64, 600);  // frames for all: what reclaim takes hangs on A
  c.reclaim.working_set_every = kSample;             // one sample: all entries are made old
  const auto model = on_model(c);
  const OnRtl rtl = on_rtl("mmu", c, {}, true);
  CHECK(rtl.swapped_out == 0);
  CHECK(skew(c, model, rtl) > 10);
  CHECK_THROWS_AS(os::require_equal_but_for_a(os::PteFormat::of(c.format), rtl.events, model), os::Violation);
}

TEST_CASE("a dirty bit that the RTL loses is a difference of the logs (P61)") {
  const os::Config c = config(arch::Format::x86_64, 40, false);
  const auto model = on_model(c);
  std::string id;
  try {
    skew(c, model, on_rtl("mmu-bugs", c, "T41"));
  } catch (const os::Violation& violation) {
    id = violation.id();
    INFO(violation.what());
  }
  CHECK(id == "P61");
}
