// SPDX-License-Identifier: Apache-2.0
//
// `kilburn list` and the help texts.
#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

TEST_CASE("list shows tests, DUTs, formats and bugs") {
  const Folder folder;
  const Ran ran = folder.run({"list"});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.out,
             Contains("random") && Contains("mmu") && Contains("alpha-x64") && Contains("T61") && Contains("M2"));
}

TEST_CASE("list --json is for machines") {
  const Folder folder;
  const Ran ran = folder.run({"list", "--json"});
  REQUIRE(ran.status == 0);
  const auto all = boost::json::parse(ran.out).as_object();
  CHECK(all.at("formats").as_array().size() == 3);
  CHECK(all.at("duts").as_array().size() >= 9);
  CHECK(all.at("bugs").as_array().size() >= 10);
}

TEST_CASE("every command has help") {
  const Folder folder;
  for (const auto& words : std::vector<std::vector<std::string>>{{"--help"}, {"run", "--help"}, {"list", "--help"}}) {
    const Ran ran = folder.run(words);
    CHECK(ran.status == 0);
    CHECK_THAT(ran.out, Contains("Usage"));
  }
  CHECK(folder.run({}).status == 2);
}
