// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --vectors`: every recorded file on every kind of DUT, and what happens when one differs.
#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

namespace {

const std::filesystem::path kVectors = std::filesystem::path(KILBURN_TEST_DATA) / "vectors";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("recorded vectors pass on the RTL, the architecture and the TLM model") {
  const Folder folder;
  const std::string dut = GENERATE("mmu", "mmu-tiny", "arch", "tlm");
  unsigned files = 0;
  for (const auto& file : std::filesystem::directory_iterator(kVectors)) {
    if (file.path().extension() != ".txt") continue;
    const Ran ran = folder.run({"run", "--vectors", file.path().string(), "--dut", dut, "--out", "r"});
    INFO(file.path() << "\n" << ran.out << ran.err);
    CHECK(ran.status == 0);
    const auto result = folder.result("r");
    CHECK(figure(result, "comparisons", "outcomes") >= 150);
    CHECK(figure(result, "comparisons", "page_table_words") >= 450);
    CHECK(result.at("mismatches") == 0);
    // The format is the file's; exactness applies to the RTL.
    CHECK((figure(result, "comparisons", "pins") != 0) == (dut.substr(0, 3) == "mmu"));
    ++files;
  }
  CHECK(files == 10);
}

TEST_CASE("a vector that differs is named with its line, and all of them are counted") {
  const Folder folder;
  std::ofstream(folder / "v.txt") << replaced(
      replaced(contents(kVectors / "x86_4level_sequence.txt"), "E OK pa=000ff058a0", "E OK pa=000ff058a8"),
      "E PF err=07", "E PF err=05");
  const Ran ran = folder.run({"run", "--vectors", "v.txt", "--out", "r"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, Contains("v.txt:9: vector 0") && Contains("0xff058a8") && Contains("v.txt:17: vector 0"));
  CHECK(folder.result("r").at("mismatches") == 2);
  CHECK_THAT(ran.out, Contains("PML4[") && Contains("reproduce"));
}

TEST_CASE("vectors may have any MAXPHYADDR and any order of fields") {
  const Folder folder;
  // Bit 36 of the leaf is an address bit with 37 address bits and reserved with 36 (SDM 4.5).
  std::ofstream(folder / "v.txt") << "# kilburn-vectors 1 x86-64\n"
                                     "V 9 cr3=1000 pkru=00000000 maxpa=37 nxe=1 smap=0 levels=4 smep=0 pke=0 wp=1\n"
                                     "W 1000 2027\nW 2000 3027\nW 3000 4027\nW 4000 1000005067\n"
                                     "A w va=0000000000000008 ac=0 cpl=3\nE OK src=hand pa=1000005008\n"
                                     "V 8 levels=4 maxpa=36 wp=1 smep=0 smap=0 nxe=1 pke=0 pkru=00000000 cr3=1000\n"
                                     "W 1000 2027\nW 2000 3027\nW 3000 4027\nW 4000 1000005067\n"
                                     "A w cpl=3 ac=0 va=0000000000000008\nE PF err=0f cr2=0000000000000008\n";
  for (const char* dut : {"mmu", "arch", "tlm"}) {
    const Ran ran = folder.run({"run", "--vectors", "v.txt", "--dut", dut, "--out", "r"});
    INFO(dut << "\n" << ran.out << ran.err);
    CHECK(ran.status == 0);
    CHECK(figure(folder.result("r"), "comparisons", "outcomes") == 2);
  }
}

TEST_CASE("malformed vectors are refused with file, line and reason") {
  const Folder folder;
  const std::string good = contents(kVectors / "x86_4level_random.txt");
  const auto refused = [&](const std::string& text, const std::string& place) {
    std::ofstream(folder / "v.txt") << text;
    const Ran ran = folder.run({"run", "--vectors", "v.txt", "--out", "r"});
    INFO(ran.out << ran.err);
    CHECK(ran.status == 2);
    CHECK_THAT(ran.err, Contains(place));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
    CHECK_FALSE(std::filesystem::exists(folder / "r"));
  };
  refused("", "v.txt");
  refused("# kilburn-vectors 2 x86-64\n", "v.txt:1:");
  refused(replaced(good, "levels=4", "levels=3"), "v.txt:3:");
  refused(replaced(good, " wp=1", ""), "v.txt:3:");
  refused(replaced(good, "W 000165c820", "W 000165c824"), "v.txt:4:");
  refused(replaced(good, "A w cpl=3", "A q cpl=3"), "v.txt:6:");
  refused(good.substr(0, good.find("E PF")), "v.txt");
}

TEST_CASE("vectors of another format than asked for are refused") {
  const Folder folder;
  const Ran ran =
      folder.run({"run", "--vectors", (kVectors / "alpha_table.txt").string(), "--format", "x86-64", "--out", "r"});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("alpha vectors"));
}
