// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --dump` on the page tables of a real guest, and dumps that cannot be used.
#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

namespace {
const std::string kDump = std::string(KILBURN_TEST_DATA) + "/dumps/linux-5level.elf";
}

TEST_CASE("every mapping of a guest is translated, in lockstep or on a model") {
  const Folder folder;
  const std::string dut = GENERATE("mmu", "arch", "tlm");
  const Ran ran = folder.run({"run", "--dump", kDump, "--dut", dut, "--seed", "4", "--out", "r"});
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  const auto result = folder.result("r");
  // QEMU's own list has as many (tests/data/dumps/README.md).
  CHECK(figure(result, "translation", "mappings") == 11687);
  CHECK(figure(result, "translation", "mappings_translated") == 11687);
  CHECK(figure(result, "comparisons", "translations") > 11687);
  CHECK(figure(result, "translation", "invalidations") > 100);
  CHECK_THAT(ran.out, Contains("1G rw-sg"));
}

TEST_CASE("mappings are listed one a line") {
  const Folder folder;
  const Ran ran = folder.run({"run", "--dump", kDump, "--list-mappings"});
  CHECK(ran.status == 0);
  CHECK(std::count(ran.out.begin(), ran.out.end(), '\n') == 11687);
  CHECK(ran.out.substr(0, ran.out.find('\n')) == "00000000005e4000 000019d1ea000 4K rw-u-");
  CHECK(folder.empty());
}

TEST_CASE("a DUT with a planted bug fails on a guest's mappings") {
  const Folder folder;
  const Ran ran =
      folder.run({"run", "--dump", kDump, "--dut", "mmu-bugs", "--bug", "T16", "--check", "all", "--out", "r"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 1);
}

TEST_CASE("dumps that cannot be used are refused with place and reason") {
  const Folder folder;
  const auto refused = [&](const std::vector<std::string>& words, const std::string& reason) {
    std::vector<std::string> all = {"run", "--out", "r", "--dump"};
    all.insert(all.end(), words.begin(), words.end());
    const Ran ran = folder.run(all);
    INFO(ran.out << ran.err);
    CHECK(ran.status == 2);
    CHECK_THAT(ran.err, Contains(reason));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
    CHECK_FALSE(std::filesystem::exists(folder / "r"));
  };
  const std::string dump = contents(kDump);
  std::ofstream(folder / "cut.elf") << dump.substr(0, 5000);
  std::string i386 = dump;
  i386[18] = 3;  // e_machine EM_386
  std::ofstream(folder / "i386.elf") << i386;
  std::string elf32 = dump;
  elf32[4] = 1;  // ELFCLASS32
  std::ofstream(folder / "elf32.elf") << elf32;
  refused({"missing.elf"}, "missing.elf");
  refused({"/dev/null"}, "/dev/null");
  refused({"cut.elf"}, "truncated");
  refused({"i386.elf"}, "i386.elf");
  refused({"elf32.elf"}, "32");
  refused({kDump, "--root", "fffffffff000"}, "not in the dump");
  refused({kDump, "--cpu", "9"}, "there is no CPU 9");
  refused({kDump, "--levels", "3"}, "--levels");
  refused({kDump, "--max-mappings", "100"}, "100");
  refused({kDump, "--format", "alpha"}, "--dump reads x86-64 guests");
}
