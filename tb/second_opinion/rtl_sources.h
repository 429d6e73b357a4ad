// SPDX-License-Identifier: Apache-2.0
//
// Which Verilog a second simulator has to build to get the DUT of a run.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tb/second_opinion/pin_log.h"

namespace kilburn::tb {

// --simulator-sources, --simulator-top, --simulator-parameter; all empty for an MMU of this project.
struct GivenRtl {
  std::filesystem::path sources;  // a list of files, one a line, relative to its own folder
  std::string top;
  std::vector<std::string> parameters;  // "NAME=N"
};

struct Rtl {
  std::vector<std::filesystem::path> files;  // in order of dependency
  std::string top;
  std::vector<std::string> parameters;
  bool given = false;  // by the user
};

// Fills rtl, top and parameters of `header`: of an MMU of this project from what the library says of itself.
void name_rtl(const kilburn_dut_api&, PinLogHeader& header);

// Throws UserError where the header names no RTL and `given` does not either, or a file of the list is missing.
void check_rtl(const PinLogHeader& header, const GivenRtl& given);

// The sources, with the header's seeded bug in a copy under `folder`. Throws as check_rtl does, and EnvironmentError.
Rtl find_rtl(const PinLogHeader& header, const GivenRtl& given, const std::filesystem::path& folder);

// $KILBURN_SOURCE if set, else the folder that this program was built from: the Verilog of this project.
std::filesystem::path source_folder();
// What RTL is replayed with (tb/second_opinion/replay.sv, tb/dut/verilated_unoptimized.cpp and its headers): of an
// installed program its own, beside the headers of the contract; else in source_folder().
std::filesystem::path replay_folder();

}  // namespace kilburn::tb
