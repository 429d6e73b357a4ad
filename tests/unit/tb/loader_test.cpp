// SPDX-License-Identifier: Apache-2.0
//
// Which libraries are taken, and what is said of the others.
#include "tb/dut/loader.h"

#include <fstream>

#include "model/arch/judgement.h"
#include "tb/errors.h"
#include "tests/catch.h"

using namespace kilburn;
using Catch::Matchers::Contains;

namespace {
const std::string kDuts = KILBURN_TEST_DUTS;
std::string refusal(const std::string& name, arch::Format format = arch::Format::x86_64) {
  try {
    tb::DutLibrary::load(name, format);
  } catch (const tb::UserError& e) {
    return e.what();
  }
  return "";
}
}  // namespace

TEST_CASE("a library of the contract loads by path") {
  const auto library = tb::DutLibrary::load(kDuts + "/twin_x86_64.so", arch::Format::x86_64);
  CHECK(std::string(library.api().name) == "twin");
  tb::Dut dut(library, 1);
  kilburn_dut_out out{};
  dut.reset(arch::config_word(arch::Format::x86_64, {}), out);
  CHECK(out.d.req_ready == 1);
  CHECK(out.inv_ready == 1);
}

TEST_CASE("a library that cannot be used is refused with its reason") {
  CHECK_THAT(refusal(kDuts + "/missing.so"), Contains("does not exist"));
  CHECK_THAT(refusal(kDuts + "/no_dut.so"), Contains("does not export kilburn_dut"));
  CHECK_THAT(refusal(kDuts + "/twin_old_contract.so"), Contains("contract version 99") && Contains("needs version 3"));
  CHECK_THAT(refusal(kDuts + "/twin_alpha.so"), Contains("another page-table format than x86-64"));
  CHECK_THAT(refusal("nonesuch"), Contains("there is no DUT \"nonesuch\" for format x86-64"));
  const auto text_file = std::string(KILBURN_TEST_DUTS) + "/text.so";
  std::ofstream(text_file) << "not an ELF file\n";
  CHECK_THAT(refusal(text_file), Contains("cannot be loaded"));
}

TEST_CASE("waves and bugs that a DUT does not have are refused") {
  const auto library = tb::DutLibrary::load(kDuts + "/twin_x86_64.so", arch::Format::x86_64);
  tb::Dut dut(library, 1);
  CHECK_THROWS_AS(dut.open_waves("/tmp/x.fst"), tb::UserError);
  CHECK_THROWS_AS(dut.select_bug("nonsense"), tb::UserError);
  CHECK_NOTHROW(dut.select_bug("PA"));
}
