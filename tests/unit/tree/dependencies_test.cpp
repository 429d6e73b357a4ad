// SPDX-License-Identifier: Apache-2.0
//
// Dependencies run one way: a folder includes only itself and the folders below it, and only named
// folders see SystemC or Verilator.
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace fs = std::filesystem;

namespace {

// Folder -> folders that it may include from. The longest matching name decides.
const std::map<std::string, std::vector<std::string>> kMayInclude = {
    {"model/arch", {"model/arch"}},
    {"model/uarch", {"model/uarch", "model/arch"}},
    {"model/tlm", {"model/tlm", "model/arch"}},
    {"sw", {"sw", "model/arch"}},
    {"tb/dut", {"tb/dut", "tb/errors.h", "model/arch"}},
    {"tb/dut/models", {"tb/dut", "tb/random.h", "model"}},
    {"tb", {"tb", "sw", "model"}},
    {"tests", {"tests", "tb", "sw", "model"}},
};

std::string room(const std::string& file) {
  std::string best;
  for (const auto& [folder, may] : kMayInclude) {
    if (file.compare(0, folder.size() + 1, folder + "/") == 0 && folder.size() > best.size()) best = folder;
  }
  return best;
}

bool allowed(const std::string& folder, const std::string& include) {
  for (const auto& may : kMayInclude.at(folder)) {
    if (include == may || include.compare(0, may.size() + 1, may + "/") == 0) return true;
  }
  return false;
}

// Violations of one file's text, empty if there are none.
std::vector<std::string> violations(const std::string& file, std::istream& text) {
  static const std::regex quoted("^\\s*#\\s*include\\s+\"([^\"]+)\"");
  static const std::regex angled("^\\s*#\\s*include\\s+<([^>]+)>");
  std::vector<std::string> found;
  const std::string folder = room(file);
  std::smatch match;
  for (std::string line; std::getline(text, line);) {
    if (std::regex_search(line, match, quoted)) {
      if (!allowed(folder, match[1])) found.push_back(file + " includes " + match[1].str());
    } else if (std::regex_search(line, match, angled)) {
      const std::string header = match[1];
      const bool systemc = header == "systemc" || header.compare(0, 3, "tlm") == 0;
      if (systemc && folder != "model/tlm" && folder != "tb" && folder != "tb/dut/models" && folder != "tests") {
        found.push_back(file + " sees SystemC");
      }
      if (header.compare(0, 9, "verilated") == 0 && folder != "tb/dut") found.push_back(file + " sees Verilator");
    }
  }
  return found;
}

}  // namespace

TEST_CASE("folders include only what lies below them") {
  unsigned files = 0;
  for (const char* top : {"model", "sw", "tb", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(KILBURN_SOURCE_DIR) / top)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp") continue;
      const std::string file = fs::relative(entry.path(), KILBURN_SOURCE_DIR).string();
      INFO(file);
      REQUIRE_FALSE(room(file).empty());
      std::ifstream text(entry.path());
      for (const auto& violation : violations(file, text)) FAIL_CHECK(violation);
      ++files;
    }
  }
  CHECK(files > 150);
}

TEST_CASE("the dependency rule bites") {
  auto of = [](const std::string& file, const std::string& line) {
    std::istringstream text(line);
    return violations(file, text).size();
  };
  CHECK(of("model/arch/walk.h", "#include \"model/uarch/mmu.h\"") == 1);
  CHECK(of("model/uarch/mmu.h", "#include \"tb/text.h\"") == 1);
  CHECK(of("sw/os/kernel.h", "#include <systemc>") == 1);
  CHECK(of("sw/os/kernel.h", "#include <tlm>") == 1);
  CHECK(of("tb/lockstep/lockstep.h", "#include <verilated.h>") == 1);
  CHECK(of("tb/lockstep/lockstep.h", "#include \"sw/hw/ports.h\"") == 0);
}

// CTest takes a list apart at ';', and a case whose name is cut is never run.
TEST_CASE("no test's name has a semicolon") {
  static const std::regex bad("(TEST_CASE|KILBURN_TRAP)\\(\"[^\"]*;");
  CHECK(std::regex_search("TEST_CASE(\"a; b\")", bad));
  unsigned files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(KILBURN_SOURCE_DIR) / "tests")) {
    if (entry.path().extension() != ".cpp") continue;
    if (entry.path().filename() == "dependencies_test.cpp") continue;
    std::ifstream text(entry.path());
    for (std::string line; std::getline(text, line);) {
      if (std::regex_search(line, bad)) FAIL_CHECK(entry.path().string() << ": " << line);
    }
    ++files;
  }
  CHECK(files > 50);
}
