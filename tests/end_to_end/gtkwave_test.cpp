// SPDX-License-Identifier: Apache-2.0
//
// The save file of a failing run in the real GTKWave, under a display that nobody sees.
#include <sstream>

#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;

namespace {

bool installed(const std::string& program) {
  return std::system(("command -v " + program + " > /dev/null 2>&1").c_str()) == 0;
}

// Signals of a save file: what is no option, no format and no heading.
unsigned signals_of(const std::string& save_file) {
  unsigned count = 0;
  std::istringstream lines(save_file);
  for (std::string line; std::getline(lines, line);)
    count += !line.empty() && std::string("[*@-").find(line[0]) == std::string::npos;
  return count;
}

// What GTKWave shows of it: a name and its flags, by its own script language.
constexpr const char* kScript = R"(set n [gtkwave::getTotalNumTraces]
for {set i 0} {$i < $n} {incr i} {
  puts "shown [gtkwave::getTraceFlagsFromIndex $i] [gtkwave::getTraceNameFromIndex $i]"
}
puts "that was all"
exit
)";
constexpr unsigned long long kHeading = 0x200;

}  // namespace

TEST_CASE("GTKWave finds every signal of a save file") {
  if (!installed("gtkwave") || !installed("xvfb-run")) {
    WARN("not tested: gtkwave or xvfb-run is not installed");
    return;
  }
  const Folder folder;
  const std::vector<std::string> dut = GENERATE(std::vector<std::string>{"mmu-bugs", "x86-64", "T61b"},
                                                std::vector<std::string>{"mmu-bugs", "alpha", "T61b"});
  REQUIRE(folder
              .run({"run", "--test", "random", "--dut", dut[0], "--format", dut[1], "--bug", dut[2], "--seed", "3",
                    "--out", "r"})
              .status == 1);
  std::ofstream(folder / "show.tcl") << kScript;
  const auto shown_of = [&](const std::string& save) {
    const std::string command = "cd " + folder.path().string() +
                                " && timeout 100 xvfb-run -a gtkwave -f r/waves.fst -a " + save +
                                " -S show.tcl > shown.txt 2>&1";
    CHECK(std::system(command.c_str()) == 0);
    const std::string out = contents(folder / "shown.txt");
    INFO(out);
    CHECK_THAT(out, Catch::Matchers::Contains("that was all"));
    unsigned signals = 0;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("shown ")) signals += (std::stoull(line.substr(6)) & kHeading) == 0;
    }
    return signals;
  };
  const std::string save = contents(folder / "r/waves.gtkw");
  CHECK(signals_of(save) > 100);
  for (const char* scope : {"top.d_", "verdict.", "transactions.", "expected.", "twin."}) {
    CHECK_THAT(save, Catch::Matchers::Contains(std::string("\n") + scope));
  }
  CHECK(shown_of("r/waves.gtkw") == signals_of(save));
  // One that is not in the file is missed.
  std::ofstream(folder / "r/more.gtkw") << save << "@22\ntop.nosuch[3:0]\n";
  CHECK(shown_of("r/more.gtkw") == signals_of(save));
}
