// SPDX-License-Identifier: Apache-2.0
//
// DUTs that are right pass the self-test, in every format.
#include "model/arch/format.h"
#include "tb/dut/models/models.h"
#include "tests/catch.h"
#include "tests/unit/conformance/self_test.h"

using namespace kilburn;
using namespace kilburn::test;

TEST_CASE("the arch model passes in every format") {
  for (const auto format : {arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64}) {
    INFO(arch::name(format));
    for (const auto& check : self_test(tb::DutLibrary::load("arch", format))) {
      INFO(check.name << ": " << check.detail);
      CHECK(check.passed);
    }
  }
}

TEST_CASE("the RTL passes, with every check that it can be given") {
  for (const char* name : {"mmu-x86-64", "mmu-alpha", "mmu-alpha-x64", "small-x86-64", "small-alpha"}) {
    INFO(name);
    const std::string library = std::string(KILBURN_BINARY_DIR "/duts/kilburn_dut_") + name + ".so";
    const auto format = std::string(name).ends_with("x86-64") ? arch::Format::x86_64
                        : std::string(name).ends_with("x64")  ? arch::Format::alpha_x64
                                                              : arch::Format::alpha;
    const auto checks = self_test(tb::DutLibrary::load(library, format), 1000);
    CHECK(checks.size() == 19);
    for (const auto& check : checks) {
      INFO(check.name << ": " << check.detail);
      CHECK(check.passed);
      if (std::string(name).starts_with("mmu-")) CHECK(check.detail != "not offered");
    }
  }
}
