// SPDX-License-Identifier: Apache-2.0
//
// Finding the Verilog of a DUT.
#include "tb/second_opinion/rtl_sources.h"

#include <algorithm>
#include <boost/algorithm/string/trim.hpp>
#include <cctype>
#include <cstdlib>
#include <fstream>

#include "tb/errors.h"
#include "tb/second_opinion/tool.h"

namespace kilburn::tb {
namespace fs = std::filesystem;

namespace {

std::string parameter(const char* name, arch::u32 value) { return std::string(name) + "=" + std::to_string(value); }

std::vector<std::string> mmu_parameters(const kilburn_dut_config& c) {
  std::vector<std::string> all = {parameter("Format", c.format),      parameter("IEntries", c.i_entries),
                                  parameter("DEntries", c.d_entries), parameter("IMisses", c.i_misses),
                                  parameter("DMisses", c.d_misses),   parameter("L2Sets", c.l2_sets),
                                  parameter("Walkers", c.walkers),    parameter("Policy", c.policy),
                                  parameter("Rewalk", c.rewalk),      parameter("Prefetch", c.prefetch)};
  if (c.l2_sets != 0) {  // else the configuration does not say, and no bank is there to have them
    all.push_back(parameter("L2LargeSets", c.l2_large_sets));
    all.push_back(parameter("L2Ways", c.l2_ways));
  }
  const char* names[] = {"Psc2Entries", "Psc3Entries", "Psc4Entries", "Psc5Entries"};
  const unsigned levels = c.format == 0 ? 5 : c.format == 1 ? 3 : 4;
  for (unsigned level = 2; level <= levels; ++level) {
    all.push_back(parameter(names[level - 2], c.psc_entries[level - 2]));
  }
  return all;
}

// The files that a list names: one a line, # or // begin a comment, lint waivers (.vlt) are left out.
std::vector<fs::path> read_list(const fs::path& list) {
  std::ifstream file(list);
  std::error_code ec;
  if (!file || fs::is_directory(list, ec)) throw UserError("the list of sources " + list.string() + " cannot be read");
  std::vector<fs::path> files;
  unsigned number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    line = line.substr(0, std::min(line.find('#'), line.find("//")));
    boost::trim(line);
    if (line.empty() || line.ends_with(".vlt")) continue;
    const std::string place = list.string() + ":" + std::to_string(number) + ": ";
    if (line[0] == '+' || line[0] == '-') {
      throw UserError(place + "\"" + line + "\" is an option; the list names source files only");
    }
    const fs::path source = fs::absolute(list).parent_path() / line;
    if (!fs::is_regular_file(source, ec)) throw UserError(place + "there is no file " + source.string());
    files.push_back(source.lexically_normal());
  }
  if (files.empty()) throw UserError("the list of sources " + list.string() + " names no file");
  return files;
}

bool is_identifier(const std::string& name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

// The names go into Verilog text.
void check_names(const std::string& top, const std::vector<std::string>& parameters) {
  if (!is_identifier(top)) throw UserError("\"" + top + "\" is no name of a Verilog module");
  for (const auto& word : parameters) {
    const auto equals = word.find('=');
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (!is_identifier(word.substr(0, equals)) || value.empty() || value.size() > 9 ||
        value.find_first_not_of("0123456789") != std::string::npos) {
      throw UserError("a parameter of the RTL is NAME=N, not \"" + word + "\"");
    }
  }
}

std::string format_name(const PinLogHeader& header) {
  return std::string(arch::name(static_cast<arch::Format>(header.format)));
}

}  // namespace

fs::path source_folder() {
  if (const char* folder = std::getenv("KILBURN_SOURCE")) return folder;
  return KILBURN_SOURCE_FOLDER;
}

fs::path replay_folder() {
  if (std::getenv("KILBURN_SOURCE") == nullptr) {
    std::error_code ec;
    const fs::path installed =
        (fs::read_symlink("/proc/self/exe", ec).parent_path() / KILBURN_INSTALLED_HEADERS).lexically_normal();
    if (!ec && fs::is_regular_file(installed / "tb/second_opinion/replay.sv", ec)) return installed;
  }
  return source_folder();
}

void name_rtl(const kilburn_dut_api& api, PinLogHeader& header) {
  const std::string description = api.description ? api.description : "";
  header.format = api.config.format;
  if (description.starts_with("rtl/mmu.sv, ")) {
    header.rtl = "rtl";
    header.top = "mmu";
    header.parameters = mmu_parameters(api.config);
  } else if (description.starts_with("rtl/small, ")) {
    header.rtl = "rtl/small";
    header.top = "small_mmu";
    header.parameters = {parameter("Format", api.config.format)};
  }
}

void check_rtl(const PinLogHeader& header, const GivenRtl& given) {
  if (given.sources.empty() != given.top.empty()) {
    throw UserError("--simulator-sources and --simulator-top go together");
  }
  if (!given.sources.empty()) {
    check_names(given.top, given.parameters);
    read_list(given.sources);
    return;
  }
  if (!given.parameters.empty()) throw UserError("--simulator-parameter goes with --simulator-sources");
  if (header.rtl.empty()) {
    throw UserError("--simulator needs the Verilog of DUT " + header.dut +
                    ", which is none of this project: name it by --simulator-sources FILES.f and --simulator-top "
                    "MODULE (ports as in rtl/README.md)");
  }
  if (header.rtl != "rtl" && header.rtl != "rtl/small") {
    throw UserError("the pin log names RTL \"" + header.rtl + "\", which this kilburn does not have");
  }
  check_names(header.top, header.parameters);
  std::error_code ec;
  if (!fs::is_regular_file(source_folder() / header.rtl / "files.f", ec)) {
    throw EnvironmentError("the Verilog of this project is not in " + (source_folder() / header.rtl).string() +
                           "; the variable KILBURN_SOURCE names the project's folder");
  }
}

Rtl find_rtl(const PinLogHeader& header, const GivenRtl& given, const fs::path& folder) {
  check_rtl(header, given);
  if (!given.sources.empty()) return {read_list(given.sources), given.top, given.parameters, true};
  const fs::path rtl = source_folder() / header.rtl;
  Rtl found{read_list(rtl / "files.f"), header.top, header.parameters, false};
  if (header.bug.empty()) return found;

  const fs::path seeded = fs::absolute(folder) / "seeded";
  std::string list;
  for (const auto& file : found.files) list += (list.empty() ? "" : ";") + file.string();
  const Tool cmake = Tool::find("cmake", "cmake");
  const ToolResult result =
      cmake.run({"-DRTL=" + (source_folder() / "rtl").string(), "-DBUGS=" + (rtl / "bugs").string(), "-DFILES=" + list,
                 "-DBUG=" + header.bug, "-DFORMAT=" + format_name(header), "-DOUT=" + seeded.string(), "-P",
                 (source_folder() / "tb/second_opinion/seed_bug.cmake").string()},
                folder);
  if (result.status != 0) {
    throw EnvironmentError("seeded bug " + header.bug + " cannot be put into the RTL: " + result.first_message);
  }
  for (auto& file : found.files) file = seeded / file.filename();
  return found;
}

}  // namespace kilburn::tb
