// SPDX-License-Identifier: Apache-2.0
//
// The command file for Surfer against the commands of Surfer's manual and parser: Surfer itself is in no Debian.
#include <map>
#include <sstream>

#include "tb/dut/loader.h"
#include "tb/failure/viewer_files.h"
#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn;
using namespace kilburn::tb;

namespace {

// What a word of a command may be. A command with another number of words is taken for nothing.
enum class Word { name, variable, time, stream };

// The commands of docs/commands/README.md that work with a loaded file and take the words given here. Where manual and
// parser (libsurfer/src/command_parser.rs, 0.4 and later) differ the parser counts: marker_set ends with a time.
const std::map<std::string, std::vector<Word>> kCommands = {{"variable_add", {Word::variable}},
                                                            {"scope_add", {Word::variable}},
                                                            {"stream_add", {Word::stream}},
                                                            {"divider_add", {Word::name}},
                                                            {"timeline_add", {}},
                                                            {"zoom_fit", {}},
                                                            {"zoom_in", {}},
                                                            {"zoom_out", {}},
                                                            {"goto_start", {}},
                                                            {"goto_end", {}},
                                                            {"goto_cursor", {}},
                                                            {"cursor_set", {Word::time}},
                                                            {"marker_set", {Word::name, Word::time}},
                                                            {"goto_marker", {Word::name}}};

// What is wrong with a line; empty: nothing.
std::string wrong(const std::string& line, const FstFile& file) {
  std::istringstream stream(line);
  std::string command, word;
  stream >> command;
  const auto known = kCommands.find(command);
  if (known == kCommands.end()) return "no command of Surfer";
  for (const Word expected : known->second) {
    if (!(stream >> word)) return "a word is missing";
    if (expected == Word::time && word.find_first_not_of("0123456789") != std::string::npos) return "not a time";
    // libsurfer/src/wave_data.rs: "tr" is all streams; another word has to be the name of one.
    if (expected == Word::stream && word != "tr") return "not all streams";
    if (expected == Word::variable && file.find(word) == nullptr) return "no such variable";
  }
  return stream >> word ? "one word too many" : "";
}

}  // namespace

TEST_CASE("each line for Surfer is a command of its manual with the words that it takes") {
  const test::ScratchFolder folder;
  const auto library =
      DutLibrary::load(std::string(KILBURN_TEST_DUTS) + "/kilburn_dut_mmu-bugs-x86-64.so", arch::Format::x86_64);
  Dut dut(library, 5);
  dut.open_waves(folder / "w.fst");
  kilburn_dut_out out{};
  dut.reset(0, out);
  for (unsigned n = 0; n < 40; ++n) dut.clock({}, out);
  dut.close_waves();
  const FstFile file(folder / "w.fst");

  std::istringstream lines(surfer_command_file(file, {{"PTE write", 12}, {"mismatch", 30}}, 40));
  std::map<std::string, unsigned> commands;
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(wrong(line, file) == "");
    ++commands[line.substr(0, line.find(' '))];
  }
  CHECK(commands["variable_add"] > 50);
  CHECK(commands["divider_add"] >= 7);
  CHECK(commands["cursor_set"] == 2);
  CHECK(commands["marker_set"] == 2);

  std::istringstream transactions(surfer_command_file_of_transactions(file, {{"PTE write", 12}, {"mismatch", 30}}, 40));
  unsigned streams = 0, marks = 0;
  for (std::string line; std::getline(transactions, line);) {
    INFO(line);
    CHECK(wrong(line, file) == "");
    streams += line == "stream_add tr";
    // At the same times as in the other window.
    if (!line.starts_with("marker_set ")) continue;
    ++marks;
    CHECK((line == "marker_set PTE_write 160" || line == "marker_set mismatch 340"));
  }
  CHECK(streams == 1);
  CHECK(marks == 2);

  // The table bites.
  CHECK(wrong("marker_set mismatch", file) == "a word is missing");
  CHECK(wrong("marker_set PTE write 160", file) == "not a time");
  CHECK(wrong("variable_add top.nosuch", file) == "no such variable");
  CHECK(wrong("cursor_goto 5", file) == "no command of Surfer");
  CHECK(wrong("divider_add Data port", file) == "one word too many");
}
