// SPDX-License-Identifier: Apache-2.0
//
// Signatures and the order of buckets.
#include "tb/regress/triage.h"

#include "tests/catch.h"

using namespace kilburn::regress;

namespace {

Outcome failed(const std::string& message, u64 cycle, const std::string& check = "exact") {
  Outcome o;
  o.verdict = RunVerdict::failed;
  o.check = check;
  o.message = message;
  o.cycle = cycle;
  return o;
}

std::string of(const std::string& message) { return signature(failed(message, 1)); }

}  // namespace

TEST_CASE("what differs from seed to seed is no part of a signature") {
  CHECK(of("cycle 8122: d_rsp_pa is 0x1f000, not 0x2f000") == "failed, exact: cycle N: d_rsp_pa is N, not N");
  CHECK(of("cycle 9: d_rsp_pa is 0x1, not 0xfe") == of("cycle 8122: d_rsp_pa is 0x1f000, not 0x2f000"));
  CHECK(of("no end within 0.5 s") == of("no end within 60 s"));
  CHECK(of("va ffffff82bfe74360 twice") == of("va 0000000000001000 twice"));
  CHECK(of("/tmp/a/v.txt:9: vector 0 differs") == of("/home/b/c.txt:17: vector 23 differs"));
}

TEST_CASE("names stay in a signature") {
  CHECK(of("PML4 entry of T61 at l2_hit") == "failed, exact: PML4 entry of T61 at l2_hit");
  CHECK(of("pin i_rsp_pa differs") != of("pin d_rsp_pa differs"));
  CHECK(signature(failed("m", 1, "exact")) != signature(failed("m", 1, "protocol")));
  CHECK(of("a face fed") == "failed, exact: a face fed");  // words of hexadecimal letters alone
}

TEST_CASE("buckets: most runs first, in each the smallest reproducer first") {
  Results results;
  Outcome hang;
  hang.verdict = RunVerdict::hang;
  hang.message = "no end within 5 s";
  results.runs = {failed("rare 1", 10), failed("often 1", 500), Outcome(), failed("often 2", 20), std::nullopt,
                  failed("often 3", 0), failed("often 4", 300), hang};
  const auto buckets = triage(results);
  REQUIRE(buckets.size() == 3);
  CHECK(buckets[0].jobs == std::vector<std::size_t>{3, 6, 1, 5});  // without a cycle last
  CHECK(buckets[1].jobs == std::vector<std::size_t>{0});
  CHECK(buckets[2].signature == "hang: no end within N s");
  CHECK(to_repeat(results, 2) == std::vector<std::size_t>{3, 6, 0, 7});
  CHECK(to_repeat(results, 0).empty());
}

TEST_CASE("bad input and a failing machine are not run again") {
  Results results;
  Outcome disk, input;
  disk.verdict = RunVerdict::environment;
  input.verdict = RunVerdict::bad_input;
  results.runs = {disk, input};
  CHECK(triage(results).size() == 2);
  CHECK(to_repeat(results, 3).empty());
}
