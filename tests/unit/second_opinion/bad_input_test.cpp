// SPDX-License-Identifier: Apache-2.0
//
// What a second opinion cannot be had of: one sentence, exit status 2, or 3 for a missing tool, nothing left behind.
#include <boost/process/environment.hpp>
#include <cstdlib>

#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"
#include "tests/unit/second_opinion/planted.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

namespace {

void refused(const Folder& folder, const std::vector<std::string>& words, const std::string& reason, int status = 2) {
  const Ran ran = folder.run(words);
  std::string line;
  for (const auto& word : words) line += word + " ";
  INFO(line << "\n" << ran.out << ran.err);
  CHECK(ran.status == status);
  CHECK_THAT(ran.err, Contains(reason));
  CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  CHECK(ran.out.empty());
  CHECK_FALSE(std::filesystem::exists(folder / "runs"));
}

const std::vector<std::string> kRandom = {"run", "--test", "random", "--count", "100"};

std::vector<std::string> random_with(const std::vector<std::string>& more) {
  auto words = kRandom;
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

TEST_CASE("options of a second opinion that make no sense are refused") {
  const Folder folder;
  refused(folder, random_with({"--simulator", "vcs"}), "there is no simulator \"vcs\"");
  refused(folder, random_with({"--simulator-top", "mmu"}), "--simulator-top goes with --simulator");
  refused(folder, random_with({"--dut", "arch", "--simulator", "icarus"}), "--dut arch is not");
  refused(folder, {"run", "--pins", "x.klb"}, "--pins goes with --simulator");
  refused(folder, {"run", "--pins", "x.klb", "--simulator", "icarus", "--seed", "4"}, "--seed does not go with --pins");
  refused(folder, random_with({"--simulator", "icarus", "--simulator-top", "mmu"}), "go together");
  refused(folder, random_with({"--simulator", "icarus", "--simulator-parameter", "A=1"}),
          "--simulator-parameter goes with --simulator-sources");
}

TEST_CASE("a DUT from elsewhere needs its RTL named, file by file") {
  const Folder folder;
  const std::string twin = std::string(KILBURN_TEST_DUTS) + "/twin_x86_64.so";
  refused(folder, random_with({"--dut", twin, "--simulator", "icarus"}), "--simulator-sources FILES.f");
  const auto with = [&](const std::string& top, const std::string& parameter) {
    return random_with({"--dut", twin, "--simulator", "icarus", "--simulator-sources", "files.f", "--simulator-top",
                        top, "--simulator-parameter", parameter});
  };
  refused(folder, with("mmu", "A=1"), "files.f cannot be read");
  std::ofstream(folder / "files.f") << "# mine\n\n";
  refused(folder, with("mmu", "A=1"), "files.f names no file");
  std::ofstream(folder / "files.f") << "# mine\n// too\ngone.sv\n";
  refused(folder, with("mmu", "A=1"), "files.f:3: there is no file");
  std::ofstream(folder / "files.f") << "+incdir+x\n";
  refused(folder, with("mmu", "A=1"), "files.f:1: \"+incdir+x\" is an option");
  std::ofstream(folder / "files.f") << "mine.sv\n";
  std::ofstream(folder / "mine.sv") << "module mine; endmodule\n";
  refused(folder, with("a b", "A=1"), "\"a b\" is no name of a Verilog module");
  for (const char* bad : {"A", "A=", "A=x", "=1", "1A=1", "A=1)("}) {
    refused(folder, with("mine", bad), "a parameter of the RTL is NAME=N");
  }
}

TEST_CASE("RTL that icarus does not accept is refused with its message") {
  const Folder folder;
  std::ofstream(folder / "files.f") << "mine.sv\n";
  std::ofstream(folder / "mine.sv") << "module mine; endmodule\n";
  const Ran ran = folder.run(random_with({"--dut", "small", "--simulator", "icarus", "--simulator-sources", "files.f",
                                          "--simulator-top", "mine", "--out", "r"}));
  INFO(ran.out << ran.err);
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("icarus does not accept the RTL: ") && Contains("port"));
  CHECK(folder.result("r").at("verdict") == "passed");  // of the run itself
}

TEST_CASE("pin logs that are damaged are refused") {
  const Folder folder;
  kilburn::tb::PinLog log;
  log.header.dut = "mmu";
  log.header.rtl = "rtl/nonesuch";
  log.start(0, {});
  log.add({});
  log.write(folder / "log.klb");
  const std::string bytes = contents(folder / "log.klb");
  const auto bad = [&](const std::string& text, const std::string& reason) {
    std::ofstream(folder / "bad.klb", std::ios::binary) << text;
    refused(folder, {"run", "--pins", "bad.klb", "--simulator", "icarus"}, reason);
  };
  bad(bytes.substr(0, bytes.size() / 2), "is cut off after");
  bad("\x7f"
      "ELF and more of it, long enough to hold a header",
      "is not a pin log");
  std::string changed = bytes;
  changed[bytes.size() - 6] = static_cast<char>(changed[bytes.size() - 6] ^ 1);
  bad(changed, "is damaged: its CRC is");
  bad(bytes, "names RTL \"rtl/nonesuch\"");
  refused(folder, {"run", "--pins", "gone.klb", "--simulator", "icarus"}, "gone.klb cannot be read");
}

TEST_CASE("a missing simulator is named with its package") {
  const Folder folder;
  const std::string before = std::getenv("PATH");
  setenv("PATH", folder.path().c_str(), 1);
  refused(folder, random_with({"--dut", "small", "--simulator", "icarus"}), "(package iverilog)", 3);
  refused(folder, random_with({"--dut", "small", "--simulator", "verilator-O0"}), "(package verilator)", 3);
  setenv("PATH", before.c_str(), 1);
}
