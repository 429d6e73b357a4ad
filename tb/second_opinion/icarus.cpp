// SPDX-License-Identifier: Apache-2.0
//
// The replay in Icarus Verilog: replay.sv around the RTL, its output compared here line by line.
#include <algorithm>
#include <boost/algorithm/string/replace.hpp>
#include <boost/endian/conversion.hpp>
#include <charconv>
#include <chrono>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string_view>

#include "tb/errors.h"
#include "tb/second_opinion/pins.h"
#include "tb/second_opinion/simulators.h"
#include "tb/second_opinion/tool.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
using arch::u64;

namespace {

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw EnvironmentError("the source " + path.string() + " cannot be read");
  return text;
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw EnvironmentError("the file " + path.string() + " cannot be written");
}

// Icarus 11 makes an always_comb sensitive to the variables of the functions that it calls, so that two of them with
// one function start each other for ever; always @* is not. It takes no labels on assertions either.
std::string for_icarus(std::string text) {
  static const std::regex label("[A-Za-z_][A-Za-z0-9_]*\\s*:\\s*assert\\b");
  boost::replace_all(text, "always_comb", "always @*");
  return std::regex_replace(text, label, "assert");
}

// replay.sv has the form of this file.
void write_stimulus(const PinLog& log, const fs::path& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  PinLog::Reader reader(log);
  PinCycle cycle;
  while (reader.next(cycle)) {
    unsigned char raw[8 * PinLog::kInWords];
    for (std::size_t n = 0; n < PinLog::kInWords; ++n) boost::endian::store_big_u64(raw + 8 * n, reader.words()[n]);
    file.write(reinterpret_cast<const char*>(raw), sizeof raw);
  }
  file.close();
  if (!file) throw EnvironmentError("the file " + path.string() + " cannot be written");
}

std::string version_of(const Tool& iverilog, const fs::path& folder) {
  std::string version = "unknown";
  const std::string before = "Icarus Verilog version ";
  iverilog.run({"-V"}, folder, [&](const std::string& line) {
    if (line.starts_with(before)) version = line.substr(before.size(), line.find(' ', before.size()) - before.size());
    return version == "unknown";
  });
  return version;
}

void build(const Tool& iverilog, const Rtl& rtl, const fs::path& folder) {
  fs::create_directories(folder / "icarus");
  std::vector<std::string> arguments = {"-g2012", "-s", "replay", "-o", "replay.vvp", "-I", "."};
  std::set<std::string> folders;
  std::vector<std::string> copies;
  for (const auto& file : rtl.files) {
    if (rtl.given && folders.insert(file.parent_path().string()).second) {  // for its `include
      arguments.insert(arguments.end(), {"-I", file.parent_path().string()});
    }
    // Numbered: two folders may have files of one name.
    copies.push_back("icarus/" + std::to_string(copies.size()) + "_" + file.filename().string());
    write(folder / copies.back(), for_icarus(contents(file)));
  }
  arguments.insert(arguments.end(), copies.begin(), copies.end());
  arguments.push_back("replay.sv");
  std::string parameters;
  for (const auto& word : rtl.parameters) {
    const auto equals = word.find('=');
    parameters += (parameters.empty() ? "." : ", .") + word.substr(0, equals) + "(" + word.substr(equals + 1) + ")";
  }
  write(folder / "replay_top.svh",
        "`define KILBURN_TOP " + rtl.top + "\n`define KILBURN_PARAMETERS " + parameters + "\n");
  write(folder / "replay.sv", contents(replay_folder() / "tb/second_opinion/replay.sv"));
  const ToolResult result = iverilog.run(arguments, folder);
  if (result.status == 0) return;
  const std::string message = "icarus does not accept the RTL: " + result.first_message;
  if (rtl.given) throw UserError(message);
  throw EnvironmentError(message);
}

// One line of replay.sv against the recorded outputs.
std::optional<PinDifference> compare(std::string_view line, const kilburn_dut_out& recorded) {
  std::size_t at = 1;
  for (const auto& pin : kOutputPins) {
    const std::size_t from = std::min(at + 1, line.size());
    at = std::min(line.find(' ', from), line.size());
    const std::string_view text = line.substr(from, at - from);
    const u64 expected = pin.value(recorded);
    u64 value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    const bool known = !text.empty() && error == std::errc() && end == text.data() + text.size();
    if (known && value == expected) continue;
    return PinDifference{std::string(pin.name), 0, expected, "0x" + std::string(text), !known};
  }
  return std::nullopt;
}

}  // namespace

void replay_in_icarus(const PinLog& log, const Rtl& rtl, const fs::path& folder, const ReplayProgress& progress,
                      Opinion& opinion) {
  const Tool iverilog = Tool::find("iverilog", "iverilog"), vvp = Tool::find("vvp", "iverilog");
  opinion.version = version_of(iverilog, folder);
  build(iverilog, rtl, folder);
  write_stimulus(log, folder / "stimulus.bin");

  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  auto shown = start;
  PinLog::Reader reader(log);
  PinCycle cycle;
  u64 lines = 0;
  std::string other;
  const ToolResult result = vvp.run({"-n", "replay.vvp"}, folder, [&](const std::string& line) {
    if (!line.starts_with("K ")) {
      if (other.empty()) other = line;
      return true;
    }
    if (!reader.next(cycle)) return false;
    if (auto difference = compare(line, cycle.out)) {
      opinion.difference = std::move(difference);
      opinion.difference->cycle = opinion.first_cycle + lines;
      return false;
    }
    ++lines;
    if (const auto now = Clock::now(); progress && now - shown > std::chrono::milliseconds(200)) {
      shown = now;
      progress(lines - 1);
    }
    return true;
  });
  opinion.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  opinion.cycles = lines == 0 ? 0 : lines - 1;
  if (opinion.difference || opinion.cycles == log.cycles()) return;
  if (other.empty()) other = result.first_message;
  throw EnvironmentError("icarus ended after " + std::to_string(opinion.cycles) + " of " +
                         std::to_string(log.cycles()) + " cycles" + (other.empty() ? "" : ": " + other));
}

}  // namespace kilburn::tb
