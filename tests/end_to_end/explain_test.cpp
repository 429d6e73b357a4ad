// SPDX-License-Identifier: Apache-2.0
//
// `kilburn explain`: a vector, a guest's address, a transaction of a finished run.
#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

namespace {
const std::string kData = KILBURN_TEST_DATA;
}

TEST_CASE("a recorded vector is told level by level, with rule and source") {
  const Folder folder;
  const Ran ran = folder.run({"explain", "--vectors", kData + "/vectors/x86_4level_keys.txt", "--vector", "4"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 0);
  // The file says: E PF err=21; the leaf is the fourth entry of the walk.
  CHECK_THAT(ran.out, Contains("PML4[511]") && Contains("PT[116]") && Contains("0000000012cff1a5"));
  CHECK_THAT(ran.out, Contains("error code 0x21") && Contains("rule x86.smap") && Contains("SDM 4.6.1"));
  CHECK_THAT(ran.out, Contains("architecture") && Contains("DUT"));
}

TEST_CASE("an address of a guest is told") {
  const Folder folder;
  const Ran ran = folder.run({"explain", "--dump", kData + "/dumps/linux-5level.elf", "--va", "5e4000", "--op", "w",
                              "--mode", "user", "--json"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  CHECK_NOTHROW(boost::json::parse(ran.out));
  CHECK_THAT(ran.out, Contains("19d1ea"));
  const Ran read_only = folder.run({"explain", "--dump", kData + "/dumps/linux-5level.elf", "--va",
                                    "0xffffffffffffffff", "--op", "x", "--dut", "none"});
  CHECK(read_only.status == 0);
  CHECK_THAT(read_only.out, Contains("rule x86."));
}

TEST_CASE("a transaction of a finished run is told, the failing one too") {
  const Folder folder;
  REQUIRE(folder.run({"run", "--test", "random", "--count", "3000", "--format", "alpha", "--out", "r"}).status == 0);
  const Ran ran = folder.run({"explain", "r", "--cycle", "1000"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Contains("response in cycle 10"));
  CHECK_THAT(ran.out, Contains("architecture"));

  const Ran failing = folder.run({"run", "--test", "random", "--count", "50000", "--seed", "2", "--dut", "mmu-bugs",
                                  "--bug", "T41", "--waves", "never", "--out", "f"});
  REQUIRE(failing.status == 1);
  const auto cycle = folder.result("f").at("failure").as_object().at("cycle").to_number<std::uint64_t>();
  const Ran told = folder.run({"explain", "f", "--cycle", std::to_string(cycle)});
  INFO(told.out << told.err);
  CHECK(told.status <= 1);
  CHECK_THAT(told.out, Contains("mmu-bugs"));
}

TEST_CASE("what cannot be explained is refused") {
  const Folder folder;
  const auto refused = [&](const std::vector<std::string>& words, const std::string& reason) {
    const Ran ran = folder.run(words);
    INFO(ran.out << ran.err);
    CHECK(ran.status == 2);
    CHECK_THAT(ran.err, Contains(reason));
  };
  refused({"explain"}, "explain");
  refused({"explain", "nowhere", "--cycle", "5"}, "is not the folder of a finished run");
  refused({"explain", "--vectors", kData + "/vectors/alpha_table.txt", "--vector", "999999"}, "999999");
  refused({"explain", "--dump", kData + "/dumps/linux-5level.elf"}, "--va");
}
