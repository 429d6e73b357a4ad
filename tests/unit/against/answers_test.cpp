// SPDX-License-Identifier: Apache-2.0
//
// Pairing and counting of answers.
#include "tb/against/answers.h"

#include "tests/catch.h"

using namespace kilburn;
using against::Answers;
using against::Legality;
using against::Who;
using Catch::Matchers::Contains;
using tb::Side;

namespace {

kilburn_req_out translated(unsigned id, arch::u64 pa) {
  kilburn_req_out out{};
  out.rsp_valid = 1;
  out.rsp_id = static_cast<arch::u8>(id);
  out.rsp_pa = pa;
  out.rsp_size = 12;
  return out;
}

kilburn_req_out refused(unsigned id) {
  kilburn_req_out out{};
  out.rsp_valid = 1;
  out.rsp_id = static_cast<arch::u8>(id);
  out.rsp_fault = static_cast<arch::u8>(arch::Fault::page);
  out.rsp_err = 4;
  return out;
}

}  // namespace

TEST_CASE("answers are paired by side and id in whatever order they come") {
  Answers answers;
  for (const unsigned id : {3u, 7u}) answers.asked(Side::data, id, {});
  answers.asked(Side::instruction, 3, {});
  answers.answered(Who::b, Side::data, translated(7, 0x7000), Legality::fresh);
  answers.answered(Who::a, Side::data, translated(3, 0x3000), Legality::fresh);
  CHECK(answers.compared() == 0);
  CHECK(answers.answered_only_by_a() == 1u << (16 + 3));
  answers.answered(Who::a, Side::instruction, translated(3, 0x9000), Legality::fresh);
  CHECK(answers.answered_only_by_a() == (1u << (16 + 3) | 1u << 3));
  answers.answered(Who::a, Side::data, translated(7, 0x7000), Legality::fresh);
  answers.answered(Who::b, Side::data, translated(3, 0x3000), Legality::stale);
  answers.answered(Who::b, Side::instruction, translated(3, 0x9000), Legality::fresh);
  CHECK(answers.compared() == 3);
  CHECK(answers.equal() == 3);
  CHECK(answers.answered_only_by_a() == 0);
  CHECK(answers.by_class().empty());
}

TEST_CASE("every field of an answer counts") {
  auto change = GENERATE(0, 1, 2, 3, 4, 5);
  kilburn_req_out other = translated(1, 0x5000);
  if (change == 0) other.rsp_pa ^= 0x1000;
  if (change == 1) other.rsp_size = 21;
  if (change == 2) other.rsp_mt = 1;
  if (change == 3) other.rsp_global = 1;
  if (change == 4) other = refused(1);
  Answers answers;
  answers.asked(Side::data, 1, {});
  answers.answered(Who::a, Side::data, translated(1, 0x5000), Legality::stale);
  answers.answered(Who::b, Side::data, other, Legality::fresh);
  CHECK(answers.compared() == 1);
  CHECK(answers.differing() == (change == 5 ? 0 : 1));
  CHECK(answers.differing_in_outcome() == (change == 4 ? 1 : 0));
  if (change == 5) return;
  CHECK(answers.by_class().at({Legality::stale, Legality::fresh}) == 1);
  REQUIRE(answers.examples().size() == 1);
  CHECK_THAT(answers.examples()[0], Contains("(stale); B") && Contains("(fresh)"));
}

TEST_CASE("which answer is whose does not depend on who is first") {
  const bool b_first = GENERATE(false, true);
  Answers answers;
  answers.asked(Side::data, 1, {});
  if (b_first) answers.answered(Who::b, Side::data, refused(1), Legality::spurious);
  answers.answered(Who::a, Side::data, translated(1, 0), Legality::fresh);
  if (!b_first) answers.answered(Who::b, Side::data, refused(1), Legality::spurious);
  CHECK(answers.by_class().at({Legality::fresh, Legality::spurious}) == 1);
}

TEST_CASE("an answer that nobody asked for is not compared") {
  Answers answers;
  answers.answered(Who::a, Side::data, translated(1, 0), Legality::fresh);
  answers.asked(Side::data, 1, {});
  answers.answered(Who::a, Side::data, translated(1, 0), Legality::fresh);
  answers.answered(Who::a, Side::data, translated(1, 0), Legality::fresh);
  CHECK(answers.compared() == 0);
  answers.clear();
  answers.answered(Who::b, Side::data, translated(1, 0), Legality::fresh);
  CHECK(answers.compared() == 0);
  CHECK(answers.answered_only_by_a() == 0);
}
