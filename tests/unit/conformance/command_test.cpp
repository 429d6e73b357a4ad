// SPDX-License-Identifier: Apache-2.0
//
// `kilburn check-adapter` as a user runs it; a DUT that fails is in tests/bring_your_own.
#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

namespace {
const std::string kDuts = KILBURN_BINARY_DIR "/duts/kilburn_dut_";
}

TEST_CASE("check-adapter says passed, a line a check") {
  const Folder folder;
  const Ran ran = folder.run({"check-adapter", "mmu", "--format", "alpha", "--count", "200"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Contains("adapter of mmu (alpha), seed 1") && Contains("R2 offers stand        passed") &&
                          Contains("PASSED  19 of 19 checks"));
  CHECK(folder.empty());
}

TEST_CASE("check-adapter finds the format of a library by itself, and speaks JSON") {
  const Folder folder;
  const Ran ran = folder.run({"check-adapter", kDuts + "small-alpha.so", "--json", "--seed", "5"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  const auto result = boost::json::parse(ran.out).as_object();
  CHECK(result.at("format") == "alpha");
  CHECK(result.at("seed").to_number<int>() == 5);
  CHECK(result.at("passed").as_bool());
  CHECK(result.at("checks").as_array().size() == 19);
}

TEST_CASE("a check that sees too little has not passed") {
  const Folder folder;
  const Ran ran = folder.run({"check-adapter", "arch", "--count", "1"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, Contains("FAILED  nothing to look at"));
}

TEST_CASE("check-adapter names what is wrong with its input") {
  const Folder folder;
  const auto refused = [&](const std::vector<std::string>& words, const std::string& reason) {
    const Ran ran = folder.run(words);
    INFO(ran.out << ran.err);
    CHECK(ran.status == 2);
    CHECK(ran.out.empty());
    CHECK_THAT(ran.err, Contains(reason));
  };
  refused({"check-adapter"}, "needs one DUT");
  refused({"check-adapter", "mmu", "small"}, "needs one DUT");
  refused({"check-adapter", "nowhere.so"}, "does not exist");
  refused({"check-adapter", "mmu", "--seed", "0"}, "--seed needs a whole number");
  refused({"check-adapter", "mmu", "--count", "many"}, "--count needs a whole number");
  refused({"check-adapter", "mmu", "--format", "vax"}, "there is no format \"vax\"");
  refused({"check-adapter", kDuts + "small-alpha.so", "--format", "x86-64"}, "another page-table format");
  refused({"check-adapter", "tlm"}, "does not take the model tlm");
  refused({"check-adapter", "mmu", "--fast"}, "unrecognised option");
}
