// SPDX-License-Identifier: Apache-2.0
//
// The vector reader: what it takes, and each malformed line with its place and reason.
#include "tb/stimulus/vectors.h"

#include <filesystem>

#include "model/arch/layout.h"
#include "tests/catch.h"

namespace fs = std::filesystem;
using namespace kilburn;

namespace {

const std::string kHeader = "# kilburn-vectors 1 x86-64\n";
const std::string kState = "V 7 levels=4 maxpa=40 wp=1 smep=0 smap=0 nxe=1 pke=0 pkru=00000000 cr3=1000\n";
const std::string kWord = "W 1000 2007\n";
const std::string kRead = "A r cpl=0 ac=0 va=0000000000000010\n";
const std::string kOk = "E OK pa=5010 src=own\n";
const std::string kAlphaHeader = "# kilburn-vectors 1 alpha\n";
const std::string kAlphaState = "V 7 arch=alpha ptbr=2000\n";
const std::string kAlphaRead = "A r mode=k va=0000000000000010\n";

std::vector<tb::CpuVector> read(const std::string& text) {
  tb::VectorReader reader(os::LineSource::from_memory(text, "t"));
  std::vector<tb::CpuVector> all;
  for (tb::CpuVector vector; reader.next(vector);) all.push_back(vector);
  return all;
}

std::string refusal(const std::string& text) {
  try {
    read(text);
  } catch (const tb::VectorError& e) {
    return e.what();
  }
  return "accepted";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a vector is read as it stands") {
  const auto all = read(kHeader + "V 12 cr3=3000 pkru=8000000c pke=1 nxe=1 smap=1 smep=0 wp=0 maxpa=36 levels=5\n" +
                        "W 3008 3007\nW 1000 ABCDEF\n" + "A w ac=1 va=fffffffffffffff8 cpl=3\n" +
                        "E PF src=qemu 7.2, patched cr2=fffffffffffffff8 err=1f\nQ OK pa=0 src=x\n" +
                        "A x va=0000000000000010 cpl=0 ac=0\nE OK pa=123456789\nU 1000 abcdff\n");
  REQUIRE(all.size() == 1);
  const tb::CpuVector& v = all[0];
  namespace ctl = arch::layout::Controls;
  CHECK(v.number == 12);
  CHECK(v.line == 2);
  CHECK(v.settings.pa_width == 36);
  CHECK(v.context.root == 0x3000);
  CHECK(v.context.pkru == 0x8000000c);
  CHECK(v.context.controls == (ctl::LA57.mask() | ctl::SMAP.mask() | ctl::NXE.mask() | ctl::PKE.mask()));
  REQUIRE(v.words.size() == 2);  // ordered
  CHECK(v.words[0].pa == 0x1000);
  CHECK(v.words[0].value == 0xabcdef);
  REQUIRE(v.accesses.size() == 2);
  CHECK(v.accesses[0].request.op == arch::Op::write);
  CHECK(v.accesses[0].request.mode == arch::Mode::user);
  CHECK(v.accesses[0].request.ac);
  CHECK(v.accesses[0].request.va == 0xfffffffffffffff8);
  CHECK(v.accesses[0].fault == arch::Fault::page);
  CHECK(v.accesses[0].error == 0x1f);
  CHECK(v.accesses[1].request.op == arch::Op::fetch);
  CHECK(v.accesses[1].request.mode == arch::Mode::kernel);
  CHECK(v.accesses[1].fault == arch::Fault::none);
  CHECK(v.accesses[1].pa == 0x123456789);
  CHECK(v.accesses[1].line == 8);
  REQUIRE(v.accesses[1].updated.size() == 1);
  CHECK(v.accesses[1].updated[0].value == 0xabcdff);
}

TEST_CASE("comments, blank lines, tabs, carriage returns, repeated numbers and a missing last newline are fine") {
  const auto all = read("# kilburn-vectors 1 x86-64\r\n\r\n# a comment\r\n  # another\n" + kState + "\n\t\n" +
                        replaced(kWord, " 2007", "\t2007\r") + kWord + kRead + "#\n" + kOk + kState + kRead + "E GP");
  REQUIRE(all.size() == 2);
  CHECK(all[0].number == all[1].number);
  CHECK(all[0].words.size() == 1);  // the same word twice with one value
  CHECK(all[1].words.empty());      // and none of it in the next vector
  CHECK(all[1].accesses[0].fault == arch::Fault::general);
}

TEST_CASE("Alpha outcomes") {
  const std::pair<const char*, arch::Fault> outcomes[] = {{"ACV", arch::Fault::acv},
                                                          {"TNV", arch::Fault::tnv},
                                                          {"FOR", arch::Fault::on_read},
                                                          {"FOW", arch::Fault::on_write},
                                                          {"FOE", arch::Fault::on_execute}};
  for (const auto& [text, fault] : outcomes) {
    const auto all = read(kAlphaHeader + kAlphaState + kAlphaRead + "E " + text + " src=a\n");
    REQUIRE(all.size() == 1);
    CHECK(all[0].accesses[0].fault == fault);
    CHECK(all[0].context.root == 0x2000);
  }
}

TEST_CASE("every recorded file is read") {
  std::size_t files = 0, vectors = 0;
  for (const auto& file : fs::directory_iterator(KILBURN_TEST_DATA "/vectors")) {
    if (file.path().extension() != ".txt") continue;
    INFO(file.path());
    auto reader = tb::VectorReader::open(file.path().string());
    CHECK((reader.format() == arch::Format::alpha) == file.path().filename().string().starts_with("alpha"));
    for (tb::CpuVector vector; reader.next(vector);) ++vectors;
    ++files;
  }
  CHECK(files >= 7);
  CHECK(vectors >= 6500);
}

TEST_CASE("each malformed line is refused with its place and reason") {
  struct Case {
    std::string text, expected;
  };
  const std::string good = kHeader + kState + kWord + kRead + kOk;
  const auto v = [&](const char* from, const char* to) { return kHeader + replaced(kState, from, to) + kRead + kOk; };
  const auto a = [&](const char* from, const char* to) { return kHeader + kState + replaced(kRead, from, to) + kOk; };
  const Case cases[] = {
      {"", "t:1: the file is empty"},
      {"# kilburn-vectors\n", "t:1: the first line must be"},
      {"# kilburn-vectors 2 x86-64\n", "t:1: version \"2\" of the format is not known"},
      {"# kilburn-vectors 1 arm\n", "t:1: the first line must name x86-64 or alpha after the version, not \"arm\""},
      {"# kilburn-vectors 1\n", "t:1: the first line must name"},
      {kState, "t:1: the first line must be"},
      {"\n" + good, "t:1: the first line must be"},
      {kHeader, "t:1: the file holds no vector"},
      {kHeader + "# nothing\n", "t:2: the file holds no vector"},
      {kHeader + kWord, "t:2: no V line stands above this W line"},
      {kHeader + kRead, "t:2: no V line stands above this A line"},
      {kHeader + "X 1\n", "t:2: a line starts with V, W, A, E, Q, U or #, not with \"X\""},
      {kHeader + "v 7\n", "t:2: a line starts with"},
      {kHeader + "VV\n", "t:2: a line starts with"},
      {kHeader + "V\n", "t:2: V needs a number"},
      {v("V 7", "V x7"), "t:2: V needs a whole decimal number first, not \"x7\""},
      {v("V 7", "V -7"), "t:2: V needs a whole decimal number"},
      {v("V 7", "V 99999999999999999999"), "t:2: V needs a whole decimal number"},
      {v("levels=4", "levels=3"), "t:2: levels= is 4 or 5, not \"3\""},
      {v("maxpa=40", "maxpa=31"), "t:2: maxpa= is a decimal number from 32 to 52, not \"31\""},
      {v("maxpa=40", "maxpa=53"), "t:2: maxpa= is a decimal number"},
      {v("wp=1", "wp=2"), "t:2: wp= is 0 or 1, not \"2\""},
      {v("nxe=1", "nxe="), "t:2: nxe= is 0 or 1, not \"\""},
      {v("smep=0 ", ""), "t:2: the field smep= is missing"},
      {v("smep=0 ", "smep=0 smep=0 "), "t:2: the field smep= stands twice"},
      {v("smep=0 ", "smep=0 pks=0 "), "t:2: unknown field \"pks=0\""},
      {v("smep=0 ", "smep=0 smep "), "t:2: the field \"smep\" is not of the form key=value"},
      {v("pkru=00000000", "pkru=0"), "t:2: pkru= is 8 hexadecimal digits, not \"0\""},
      {v("cr3=1000", "cr3=0x1000"), "t:2: cr3= is a hexadecimal address, not \"0x1000\""},
      {v("cr3=1000", "cr3=1008"), "t:2: cr3=1008 is not the address of a 4 KB page"},
      {v("cr3=1000", "cr3=10000000000"), "t:2: cr3=10000000000 has bits above the physical address width 40"},
      {v("cr3=1000", "arch=alpha"), "t:2: unknown field \"arch=alpha\""},
      {kHeader + kState + "W 1000\n", "t:3: W needs an address and a value, not 1 fields"},
      {kHeader + kState + "W 1000 1 2\n", "t:3: W needs an address and a value, not 3 fields"},
      {kHeader + kState + "W 10g0 1\n", "t:3: W needs a hexadecimal address, not \"10g0\""},
      {kHeader + kState + "W 1004 1\n", "t:3: the address 1004 is not 8-byte aligned"},
      {kHeader + kState + "W 10000000000000 1\n", "t:3: the address 10000000000000 has more than 52 bits"},
      {kHeader + kState + "W 1000 10000000000000000\n", "t:3: W needs a hexadecimal value of at most 64 bits"},
      {kHeader + kState + kWord + "W 1000 2005\n", "t:4: the address 1000 had another value in an earlier W line"},
      {good + kWord, "t:6: a W line stands after the first A line of its vector"},
      {kHeader + kState + "E OK pa=0\n", "t:3: an E line stands without an A line above it"},
      {good + kOk, "t:6: an E line stands without an A line above it"},
      {kHeader + kState + kRead + kRead + kOk, "t:3: the access has no E line"},
      {kHeader + kState + kRead + kState, "t:3: the access has no E line"},
      {kHeader + kState + kRead, "t:3: the access has no E line"},
      {kHeader + kState + kWord, "t:2: vector 7 has no A line"},
      {kHeader + kState + kState + kRead + kOk, "t:2: vector 7 has no A line"},
      {a("A r", "A q"), "t:3: A needs r, w or x first, not \"q\""},
      {kHeader + kState + "A\n", "t:3: A needs r, w or x first"},
      {a("cpl=0", "cpl=1"), "t:3: cpl= is 0 or 3, not \"1\""},
      {a("ac=0", "ac=2"), "t:3: ac= is 0 or 1, not \"2\""},
      {a("cpl=0", "mode=k"), "t:3: unknown field \"mode=k\""},
      {a("va=0000000000000010", "va=10"), "t:3: va= is 16 hexadecimal digits, not \"10\""},
      {a("va=0000000000000010", "va=0000000000000011"), "t:3: va=0000000000000011 is not 8-byte aligned"},
      {kHeader + kState + "A x cpl=0 ac=0 va=0000000000000008\n" + kOk, "t:3: va=0000000000000008 is not 16-byte"},
      {kHeader + kState + kRead + "E\n", "t:4: E needs an outcome"},
      {kHeader + kState + kRead + "E ok pa=0\n", "t:4: E needs OK, PF or GP first, not \"ok\""},
      {kHeader + kState + kRead + "E ACV\n", "t:4: E needs OK, PF or GP first, not \"ACV\""},
      {kHeader + kState + kRead + "E OK src=x\n", "t:4: the field pa= is missing"},
      {kHeader + kState + kRead + "E OK pa=10000000000\n", "t:4: pa=10000000000 has bits above"},
      {kHeader + kState + kRead + "E GP err=0\n", "t:4: unknown field \"err=0\""},
      {kHeader + kState + kRead + "E PF err=1\n", "t:4: the field cr2= is missing"},
      {kHeader + kState + kRead + "E PF err=10000 cr2=0000000000000010\n", "t:4: err= is a hexadecimal error code"},
      {kHeader + kState + kRead + "E PF err=1 cr2=10\n", "t:4: cr2= is 16 hexadecimal digits"},
      {kHeader + kState + kRead + "E PF err=1 cr2=0000000000000018\n",
       "t:4: cr2=0000000000000018 is not the va= of line 3"},
      {kHeader + kState + kWord + "U 1000 2027\n", "t:4: a U line stands before the E line of an access"},
      {kHeader + kState + kWord + kRead + "U 1000 2027\n", "t:5: a U line stands before the E line of an access"},
      {kHeader + kState + kWord + kRead + "E GP\nU 1000 2027\n",
       "t:6: a U line follows an access that faults (line 4)"},
      {good + "U 1008 2027\n", "t:6: the address 1008 has no W line in this vector"},
      {good + "U 1000 2027\nU 1000 2027\n", "t:7: the address 1000 has two U lines for one access"},
      {kHeader + kState + "Q OK\n", "t:3: a Q line stands before the E line of an access"},
      {kAlphaHeader + kState, "t:2: unknown field \"levels=4\""},
      {kAlphaHeader + "V 1 arch=vax ptbr=2000\n", "t:2: arch= is alpha in this file, not \"vax\""},
      {kAlphaHeader + "V 1 arch=alpha ptbr=1000\n", "t:2: ptbr=1000 is not the address of an 8 KB page"},
      {kAlphaHeader + "V 1 arch=alpha ptbr=200000000000\n", "t:2: ptbr=200000000000 has more than 45 address bits"},
      {kAlphaHeader + kAlphaState + "A r mode=e va=0000000000000010\n", "t:3: mode= is k or u, not \"e\""},
      {kAlphaHeader + kAlphaState + kAlphaRead + "E PF err=0 cr2=0\n", "t:4: E needs OK, ACV, TNV, FOR, FOW or FOE"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    CHECK_THAT(refusal(c.text), Catch::Matchers::StartsWith(c.expected));
  }
  CHECK(refusal(good) == "accepted");
}

TEST_CASE("a line of garbage is quoted without control characters") {
  const std::string said = refusal(kHeader + std::string("\x1b[31m\0!", 7) + "\n");
  for (char c : said) CHECK((c >= ' ' && c <= '~'));
}

TEST_CASE("a file that is not there is an error of the user") {
  CHECK_THROWS_AS(tb::VectorReader::open("/nonexistent/vectors.txt"), tb::UserError);
}
