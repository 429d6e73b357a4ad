// SPDX-License-Identifier: Apache-2.0
//
// The calls of every workload, noted, read back and made again, are the same run; any part of them is a run.
#include "sw/workload/calls.h"

#include <sstream>

#include "sw/workload/workload.h"
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"

namespace kilburn::os::test {
namespace {

using Catch::Contains;

// What a run was, beside the bytes that it left.
std::vector<u64> figures(Kernel& kernel) {
  const Statistics& s = kernel.statistics();
  return {kernel.digest(),     s.references,      s.accesses,           s.faults_seen,     s.system_calls,
          s.invalidations,     s.killed,          s.memory.swapped_out, s.memory.migrated, s.memory.split,
          s.memory.swapped_in, s.context_switches};
}

struct Noted {
  std::vector<Call> calls;
  std::vector<u64> figures;
};

Noted note(const Workload& w, const Config& config) {
  Machine<> machine(config);
  std::stringstream text;
  CallWriter writer(text);
  machine.kernel.listen(&writer);
  run_workload(w.name, machine.kernel, 1);
  return {read_calls(text, "calls"), figures(machine.kernel)};
}

std::string refused(const std::string& text) {
  std::istringstream in(text);
  try {
    read_calls(in, "t.calls");
  } catch (const UserError& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("calls: what every workload calls, made again, is the same run") {
  for (const Workload& w : workloads()) {
    CAPTURE(w.name);
    const Config config = workload_config(w, arch::Format::x86_64);
    try {
      const Noted noted = note(w, config);
      Machine<> again(config);
      play(noted.calls, again.kernel);
      CHECK(figures(again.kernel) == noted.figures);
    } catch (const std::exception& e) {
      FAIL_CHECK(e.what());
    }
  }
}

TEST_CASE("calls: on several CPUs they are made where they were") {
  const Workload& w = *find_workload("mprotect-storm");
  const Config config = workload_config(w, arch::Format::alpha);
  RamMem ram(u64{config.frames} << arch::info(config.format).page_shift);
  const auto run = [&](auto&& body) {
    ArchMmuPort a(config.format, ram), b(config.format, ram);
    MmuPort* const cpus[] = {&a, &b};
    Kernel kernel(ram, cpus, a, config);
    body(kernel);
    return figures(kernel);
  };
  std::stringstream text;
  CallWriter writer(text);
  const auto noted = run([&](Kernel& kernel) {
    kernel.listen(&writer);
    run_workload(w.name, kernel, 1);
  });
  const std::vector<Call> calls = read_calls(text, "calls");
  CHECK(
      std::any_of(calls.begin(), calls.end(), [](const Call& c) { return c.kind == Call::Kind::read && c.values[1]; }));
  CHECK(run([&](Kernel& kernel) { play(calls, kernel); }) == noted);
}

TEST_CASE("calls: any part of a list is a list") {
  for (const char* name : {"shm-rmid", "zone-dma", "swapoff-load", "compaction", "guard-pages", "fork-chain"}) {
    CAPTURE(name);
    const Workload& w = *find_workload(name);
    const Config config = workload_config(w, arch::Format::x86_64);
    const Noted noted = note(w, config);
    for (std::size_t every = 2; every < 6; ++every) {
      std::vector<Call> part;
      for (std::size_t n = 0; n < noted.calls.size(); ++n) {
        if (n % every != 0) part.push_back(noted.calls[n]);
      }
      Machine<> machine(config);
      CHECK_NOTHROW(play(part, machine.kernel));
    }
  }
}

TEST_CASE("calls: each kind is written and read with all its fields") {
  for (std::size_t n = 0; n < Call::kKinds; ++n) {
    Call call;
    call.kind = static_cast<Call::Kind>(n);
    for (std::size_t f = 0; f < call_fields(call.kind).size(); ++f) {
      call.values[f] = call_fields(call.kind)[f] == "zone" ? 2 : 0x10 + f;
    }
    std::istringstream in(std::string(kCallsHead) + "\n# a remark\n\n" + text(call) + " # and another\n");
    const std::vector<Call> read = read_calls(in, "t");
    REQUIRE(read.size() == 1);
    CHECK(read[0] == call);
  }
}

TEST_CASE("calls: what is wrong with a list is said with its line") {
  CHECK_THAT(refused("spawn process=1\n"), Contains("t.calls:1: a list of calls begins with"));
  CHECK_THAT(refused("kilburn-calls 1\n"), Contains("t.calls holds no call"));
  CHECK_THAT(refused("kilburn-calls 1\nspawn process=1\nmunch process=1\n"),
             Contains("t.calls:3: there is no call \"munch\""));
  CHECK_THAT(refused("kilburn-calls 1\nspawn cpu=1\n"), Contains("t.calls:2: spawn has no field \"cpu\""));
  CHECK_THAT(refused("kilburn-calls 1\nspawn process=one\n"), Contains("t.calls:2: process= needs a number"));
  CHECK_THAT(refused("kilburn-calls 1\nspawn process\n"), Contains("t.calls:2: process= needs a number"));
  CHECK_THAT(refused("kilburn-calls 1\nread process=1 va=8\n"), Contains("t.calls:2: a reference has 1 to 512 bytes"));
  CHECK_THAT(refused("kilburn-calls 1\ntake block=1 bytes=64 zone=3\n"),
             Contains("t.calls:2: zone= is 0 (DMA), 1 (normal) or 2 (high)"));
  CHECK_THAT(refused("kilburn-calls 1\nswapon area=1 slots=0xffffffff\n"),
             Contains("t.calls:2: a swap area has 1048576 slots at most"));
}

}  // namespace kilburn::os::test
