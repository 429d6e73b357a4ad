// SPDX-License-Identifier: Apache-2.0
//
// No false alarm where changes and invalidations are aimed at walks under way: legal MMUs are accepted. Other seeds
// with KILBURN_SEED, more of them with KILBURN_SEEDS.
#include <cstdlib>

#include "tb/mutation/mutant.h"
#include "tests/catch.h"
#include "tests/duts.h"

using namespace kilburn;

namespace {

arch::u64 number(const char* name, arch::u64 otherwise) {
  const char* text = std::getenv(name);
  const arch::u64 value = text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
  return value == 0 ? otherwise : value;
}

void accepted(const std::string& name, arch::Format format) {
  const auto library = tb::dut_library(name, format);
  const arch::u64 first = number("KILBURN_SEED", 1), seeds = number("KILBURN_SEEDS", 3);
  for (arch::u64 seed = first; seed < first + seeds; ++seed) {
    const auto found =
        mutation::run_seed(library, {name, format, "", "", ""}, mutation::Judge::admissible, seed, 8000, {});
    INFO(name << " " << arch::name(format) << ", seed " << seed << ", response " << found.responses);
    CHECK(found.message == "");
  }
}

}  // namespace

TEST_CASE("the RTL is accepted in races") {
  const std::string name = GENERATE("mmu", "mmu-tiny");
  accepted(name, GENERATE(arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64));
}

TEST_CASE("the small RTL is accepted in races") {
  accepted("small", GENERATE(arch::Format::x86_64, arch::Format::alpha));
}

TEST_CASE("legal random MMUs are accepted in races") {
  const std::string name =
      GENERATE("wild", "wild-notlb", "wild-one", "wild-huge", "wild-sector", "wild-nopsc", "wild-pwc", "wild-prefetch",
               "wild-speculative", "wild-spurious", "wild-early-a", "wild-fracture");
  accepted(name, GENERATE(arch::Format::x86_64, arch::Format::alpha, arch::Format::alpha_x64));
}
