// SPDX-License-Identifier: Apache-2.0
//
// Protection keys (SDM 4.6.2) and implicit supervisor accesses (SDM 4.6.1): who is refused, with which error code.

#include "tests/catch.h"
#include "tests/unit/rtl/page_tables.h"

namespace kilburn::rtl_test {
namespace {

constexpr unsigned kKey = 11;
constexpr std::uint64_t kKeyBits = static_cast<std::uint64_t>(kKey) << 59;
constexpr std::uint32_t kAd = 1u << (2 * kKey), kWd = 2u << (2 * kKey);

enum class Access { read, write, fetch };

kilburn_req_out translate(DutBench& bench, Access access, unsigned mode) {
  return access == Access::fetch ? bench.translate_i(0x10, mode)
                                 : bench.translate_d(0x10, access == Access::write, mode);
}

struct KeyCase {
  const char* what;
  std::uint32_t ctl, pkru, pkrs;
  std::uint64_t page;  // leaf bits beside A and D
  Access access;
  unsigned mode;
  int err;  // -1: translated
};

constexpr std::uint64_t kUserPage = kP | kRw | kUs, kUserReadOnly = kP | kUs, kKernelPage = kP | kRw;

const KeyCase kKeyCases[] = {
    {"AD, user read", kPke, kAd, 0, kUserPage, Access::read, kUser, kErrP | kErrU | kErrPk},
    {"WD, user write", kPke, kWd, 0, kUserPage, Access::write, kUser, kErrP | kErrW | kErrU | kErrPk},
    {"WD, user read", kPke, kWd, 0, kUserPage, Access::read, kUser, -1},
    {"PKE off", 0, kAd | kWd, 0, kUserPage, Access::write, kUser, -1},
    {"T21: beside a missing R/W", kPke, kAd, 0, kUserReadOnly, Access::write, kUser, kErrP | kErrW | kErrU | kErrPk},
    {"T21: R/W alone", kPke, 0, 0, kUserReadOnly, Access::write, kUser, kErrP | kErrW | kErrU},
    {"T22: fetch", kPke, kAd | kWd, 0, kUserPage, Access::fetch, kUser, -1},
    {"T24: WD, supervisor write, WP off", kPke, kWd, 0, kUserPage, Access::write, kKernel, -1},
    {"T24: WD, supervisor write, WP on", kPke | kWp, kWd, 0, kUserPage, Access::write, kKernel, kErrP | kErrW | kErrPk},
    {"T24: AD, supervisor write, WP off", kPke, kAd, 0, kUserPage, Access::write, kKernel, kErrP | kErrW | kErrPk},
    {"AD, supervisor read", kPke, kAd, 0, kUserPage, Access::read, kKernel, kErrP | kErrPk},
    {"T25: PKRU, supervisor page", kPke, kAd | kWd, 0, kKernelPage, Access::write, kKernel, -1},
    {"T25: PKRS, user page", kPke | kPks, 0, kAd | kWd, kUserPage, Access::write, kKernel, -1},
    {"PKS AD, supervisor read", kPks, 0, kAd, kKernelPage, Access::read, kKernel, kErrP | kErrPk},
    {"PKS WD, supervisor write, WP on", kPks | kWp, 0, kWd, kKernelPage, Access::write, kKernel,
     kErrP | kErrW | kErrPk},
    {"PKS WD, supervisor write, WP off", kPks, 0, kWd, kKernelPage, Access::write, kKernel, -1},
    {"PKS off", kPke, 0, kAd | kWd, kKernelPage, Access::read, kKernel, -1},
    {"PKS, fetch", kPks, 0, kAd, kKernelPage, Access::fetch, kKernel, -1},
    {"T31: user access to a supervisor page", kPke | kPks, kAd, kAd, kKernelPage, Access::read, kUser, kErrP | kErrU},
    {"another key", kPke | kPks, ~(kAd | kWd), ~(kAd | kWd), kUserPage, Access::write, kUser, -1},
};

}  // namespace

TEST_CASE("protection keys: walks and hits") {
  const auto number = GENERATE(range(std::size_t{0}, std::size(kKeyCases)));
  const bool cached = GENERATE(false, true);
  const KeyCase& c = kKeyCases[number];
  INFO(c.what << (cached ? ", in the TLB" : ""));
  DutBench bench(library("mmu-props-x86-64"));
  x86_tables(bench);
  bench.memory[table(3)] = 0x40000000 | c.page | kA | kD | kKeyBits;
  if (cached) {  // rights count at each access, not at the fill (T29)
    CHECK(translate(bench, c.access == Access::fetch ? Access::fetch : Access::read, kKernel).rsp_fault == kNoFault);
  }
  bench.in.ctx_ctl = c.ctl;
  bench.in.ctx_pkru = c.pkru;
  bench.in.ctx_pkrs = c.pkrs;
  const unsigned reads = bench.reads;
  const auto response = translate(bench, c.access, c.mode);
  if (c.err < 0) {
    CHECK(response.rsp_fault == kNoFault);
    CHECK(response.rsp_pa == 0x40000010);
    if (cached) CHECK(bench.reads == reads);
    CHECK(bench.probe(c.access == Access::fetch ? 0 : 1, 0).rights >> 4 == kKey);
  } else {
    CHECK(response.rsp_fault == kPf);
    CHECK(response.rsp_err == c.err);
    CHECK(response.rsp_level == 1);
  }
}

TEST_CASE("bits 62:59 of an upper entry are no key (T23)") {
  DutBench bench(library("mmu-props-x86-64"));
  x86_tables(bench);
  for (unsigned n = 0; n < 3; ++n) bench.memory[table(n)] |= kKeyBits;
  bench.memory[table(3)] = 0x40000000 | kUserPage;
  bench.in.ctx_ctl = kPke | kPks;
  bench.in.ctx_pkru = bench.in.ctx_pkrs = kAd | kWd;
  CHECK(bench.translate_d(0x10, true, kUser).rsp_pa == 0x40000010);
}

TEST_CASE("a missed request keeps the keys of its acceptance (T104)") {
  DutBench bench(library("mmu-props-x86-64"));
  x86_tables(bench);
  bench.memory[table(3)] = bench.memory[table(3) + 8] = 0x40000000 | kUserPage | kKeyBits;
  bench.in.ctx_ctl = kPke;
  bench.memory_answers = false;
  bench.request_d(0x0000, false, kUser, 1);
  bench.in.ctx_pkru = kAd;
  bench.request_d(0x1000, false, kUser, 2);
  bench.in.ctx_pkru = 0;
  bench.memory_answers = true;
  const auto refused = bench.response_d();  // first: it has no A to set
  CHECK(refused.rsp_id == 2);
  CHECK(refused.rsp_err == (kErrP | kErrU | kErrPk));
  CHECK(bench.response_d().rsp_fault == kNoFault);
}

TEST_CASE("implicit supervisor accesses: supervisor in any mode, not excused by AC (T26)") {
  struct Expected {
    bool implicit, ac;
    unsigned mode;
    std::uint64_t page;
    std::uint32_t ctl;
    int err;
  };
  const auto expected = GENERATE(
      Expected{false, true, kKernel, kUserPage, kSmap, -1}, Expected{false, false, kKernel, kUserPage, kSmap, kErrP},
      Expected{true, true, kKernel, kUserPage, kSmap, kErrP}, Expected{true, true, kUser, kUserPage, kSmap, kErrP},
      Expected{true, true, kUser, kUserPage, 0, -1}, Expected{true, false, kUser, kKernelPage, kSmap, -1},
      Expected{false, false, kUser, kKernelPage, kSmap, kErrP | kErrU}, Expected{true, false, kUser, 0, 0, 0});
  const bool cached = GENERATE(false, true);
  if (cached && expected.page == 0) return;
  DutBench bench(library("mmu-props-x86-64"));
  x86_tables(bench);
  bench.memory[table(3)] = 0x40000000 | expected.page | kA | kD;
  if (cached) bench.translate_d(0, false, kKernel);
  bench.in.ctx_ctl = expected.ctl;
  bench.in.d.implicit = expected.implicit ? 1 : 0;
  bench.in.d.ac = expected.ac ? 1 : 0;
  const auto response = bench.translate_d(0, false, expected.mode);
  CHECK(response.rsp_fault == (expected.err < 0 ? kNoFault : kPf));
  CHECK(response.rsp_err == (expected.err < 0 ? 0 : expected.err));
}

}  // namespace kilburn::rtl_test
