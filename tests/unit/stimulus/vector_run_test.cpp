// SPDX-License-Identifier: Apache-2.0
//
// Recorded vectors on a DUT: all of them pass, and everything that a DUT may get wrong is told with its place.
#include <filesystem>

#include "tb/stimulus/vector_test.h"
#include "tests/catch.h"
#include "tests/unit/stimulus/bent_dut.h"

namespace fs = std::filesystem;
using namespace kilburn;
using test::Bend;

namespace {

struct Run {
  tb::VectorTestResult result;
  std::string check, message, refused;
};

Run run(tb::VectorReader reader, Bend bend = Bend::none, arch::u32 features = ~arch::u32{0}, bool cfg_pins = true) {
  const auto library = test::bent_dut(reader.format(), bend, features, cfg_pins);
  tb::Dut dut(library, 1);
  tb::VectorMemory memory;
  tb::LockstepConfig config;
  config.exact = false;
  tb::Lockstep lockstep(dut, memory, config);
  Run r;
  std::optional<tb::VectorTest> test;
  try {
    test.emplace(lockstep, memory, reader);
    test->run();
    lockstep.finish();
  } catch (const tb::DutWrong& wrong) {
    r.check = wrong.check;
    r.message = wrong.what();
  } catch (const tb::UserError& e) {
    r.refused = e.what();
  }
  if (test) r.result = test->result();
  return r;
}

Run run(const std::string& text, Bend bend = Bend::none) {
  return run(tb::VectorReader(os::LineSource::from_memory(text, "t")), bend);
}

const std::string kHeader = "# kilburn-vectors 1 x86-64\n";
const std::string kState = "V 7 levels=4 maxpa=40 wp=1 smep=0 smap=0 nxe=1 pke=0 pkru=00000000 cr3=1000\n";
const std::string kTables = "W 1000 2007\nW 2000 3007\nW 3000 4007\nW 4000 5007\n";
const std::string kRead = "A r cpl=3 ac=0 va=0000000000000010\nE OK pa=5010\n";
const std::string kSet = "U 1000 2027\nU 2000 3027\nU 3000 4027\nU 4000 5027\n";

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("every recorded vector passes, and was compared") {
  arch::u64 accesses = 0;
  for (const auto& file : fs::directory_iterator(KILBURN_TEST_DATA "/vectors")) {
    if (file.path().extension() != ".txt") continue;
    const Run r = run(tb::VectorReader::open(file.path().string()));
    INFO(file.path() << ": " << r.message << r.refused);
    CHECK(r.check.empty());
    CHECK(r.refused.empty());
    CHECK(r.result.mismatches == 0);
    CHECK(r.result.incomplete == 0);
    CHECK(r.result.vectors >= 150);
    CHECK(r.result.words > r.result.vectors);
    accesses += r.result.accesses;
  }
  CHECK(accesses >= 6500);
}

TEST_CASE("each bent pin is told with file, line, expectation and finding") {
  struct Case {
    Bend bend;
    const char* file;
    const char* part;
  };
  const Case cases[] = {
      {Bend::frame, "x86_4level_sequence", "expected translated to"},
      {Bend::error, "x86_4level_sequence", "expected #PF with error code"},
      {Bend::grant, "x86_4level_sequence", "found translated to 0x0"},
      {Bend::refuse, "x86_4level_sequence", "found #PF"},
      {Bend::accessed, "x86_4level_sequence", "to be"},
      {Bend::dirty, "x86_4level_sequence", "to be"},
      {Bend::frame, "alpha_random", "expected translated to"},
  };
  for (const Case& c : cases) {
    const std::string path = KILBURN_TEST_DATA "/vectors/" + std::string(c.file) + ".txt";
    const Run r = run(tb::VectorReader::open(path), c.bend);
    INFO(r.message);
    CHECK(r.check == "vectors");
    CHECK(r.result.mismatches > 10);
    REQUIRE(r.result.shown.size() == tb::VectorTest::kShown);
    const auto& first = r.result.shown.front();
    CHECK(first.place.starts_with(path + ":"));
    CHECK(contains(first.place, ": vector "));
    CHECK(contains(first.message, "expected "));
    CHECK(contains(first.message, c.part));
    CHECK(first.explanation.size() > 3);
    CHECK(contains(r.message, first.place));
  }
}

TEST_CASE("the checking rule of page-table words") {
  // Translates and sets A.
  CHECK(run(kHeader + kState + kTables + kRead + kSet).message.empty());
  // A word that changed without a U line.
  CHECK(contains(run(kHeader + kState + kTables + kRead + "U 1000 2027\nU 2000 3027\nU 3000 4027\n").message,
                 "expected the word at 0x4000 to be 0x5007, found 0x5027"));
  // A U line that asks for D on a read.
  CHECK(
      contains(run(kHeader + kState + kTables + kRead + "U 1000 2027\nU 2000 3027\nU 3000 4027\nU 4000 5067\n").message,
               "expected the word at 0x4000 to be 0x5067"));
  // A fault may leave A of the words it walked, and the next access need not list them (SDM 4.8).
  const std::string read_only = "W 1000 2007\nW 2000 3007\nW 3000 4007\nW 4000 5005\n";
  const std::string fault = "A w cpl=3 ac=0 va=0000000000000010\nE PF err=7 cr2=0000000000000010\n";
  CHECK(run(kHeader + kState + read_only + fault + kRead + "U 4000 5025\n").message.empty());
  CHECK(run(kHeader + kState + read_only + fault + kRead + "U 1000 2027\nU 2000 3027\nU 3000 4027\nU 4000 5025\n")
            .message.empty());
  // But never D.
  CHECK(contains(run(kHeader + kState + read_only + fault + kRead + "U 4000 5025\n", Bend::dirty).message,
                 "expected the word"));
}

TEST_CASE("settings change between vectors, equal ones need no reset") {
  // Bit 36 of the PML4 entry is reserved at MAXPHYADDR 36 and an address bit at 37.
  const auto vector = [](const char* maxpa, const char* outcome) {
    return std::string("V 1 levels=4 maxpa=") + maxpa +
           " wp=1 smep=0 smap=0 nxe=1 pke=0 pkru=00000000 cr3=1000\n"
           "W 1000 1000002027\nW 1000002000 3027\nW 3000 4027\nW 4000 5027\n"
           "A r cpl=3 ac=0 va=0000000000000010\nE " +
           outcome + "\n";
  };
  const char* translated = "OK pa=5010";
  const char* reserved = "PF err=d cr2=0000000000000010";
  const Run r = run(kHeader + vector("36", reserved) + vector("37", translated) + vector("37", translated) +
                    vector("32", reserved) + vector("52", translated));
  INFO(r.message);
  CHECK(r.message.empty());
  CHECK(r.result.vectors == 5);
  CHECK(r.result.restarts == 4);
  CHECK_FALSE(run(kHeader + vector("36", translated)).message.empty());
}

TEST_CASE("a vector whose outcome rests on a word that it does not give is named") {
  const Run r =
      run(kHeader + kState + "W 1000 2027\nA r cpl=0 ac=0 va=0000000000000010\nE PF err=0 cr2=0000000000000010\n");
  CHECK(r.message.empty());  // 0 was read in its place
  CHECK(r.result.incomplete == 1);
  REQUIRE(r.result.incomplete_shown.size() == 1);
  CHECK(r.result.incomplete_shown[0] ==
        "t:4: vector 7: the walk needs the word at 0x2000, which the vector does not give; 0 was read");
}

TEST_CASE("what a DUT lacks is an error of the user, by name") {
  namespace feature = arch::layout::Feature;
  const auto file = [](const char* stem) {
    return tb::VectorReader::open(KILBURN_TEST_DATA "/vectors/" + std::string(stem) + ".txt");
  };
  const auto without = [](const arch::layout::Field& f) { return ~static_cast<arch::u32>(f.mask()); };
  const std::string five =
      kHeader + "V 1 levels=5 maxpa=40 wp=1 smep=0 smap=0 nxe=1 pke=0 pkru=00000000 cr3=1000\n" + kRead;
  const auto text = [](const std::string& t) { return tb::VectorReader(os::LineSource::from_memory(t, "t")); };
  CHECK(run(text(five), Bend::none, without(feature::LA57)).refused ==
        "t:2: vector 1 needs five levels, which DUT arch does not have");
  const std::string keys =
      kHeader + "V 1 levels=4 maxpa=40 wp=1 smep=0 smap=0 nxe=1 pke=1 pkru=00000000 cr3=1000\n" + kRead;
  CHECK(run(text(keys), Bend::none, without(feature::PKU)).refused ==
        "t:2: vector 1 needs protection keys, which DUT arch does not have");
  const std::string wide =
      kHeader + "V 1 levels=4 maxpa=52 wp=1 smep=0 smap=0 nxe=1 pke=0 pkru=00000000 cr3=1000\n" + kRead;
  CHECK(contains(run(text(wide), Bend::none, ~arch::u32{0}, false).refused, "t:2: vector 1 needs a MAXPHYADDR of 52"));
  // Vectors of another format than the DUT's.
  tb::VectorReader alpha = file("alpha_table");
  const auto library = test::bent_dut(arch::Format::x86_64, Bend::none);
  tb::Dut dut(library, 1);
  tb::VectorMemory memory;
  tb::LockstepConfig config;
  config.exact = false;
  tb::Lockstep lockstep(dut, memory, config);
  CHECK_THROWS_WITH(tb::VectorTest(lockstep, memory, alpha), Catch::Matchers::Contains("--format alpha"));
}
