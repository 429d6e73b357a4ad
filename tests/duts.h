// SPDX-License-Identifier: Apache-2.0
//
// DUTs by name, those of the build folder (KILBURN_DUTS) included, and their seeded bugs.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "tb/dut/loader.h"

namespace kilburn::tb {

inline std::string dut_path(const std::string& name, arch::Format format) {
  if (name.starts_with("wild")) return name;
  return std::string(KILBURN_DUTS) + "/kilburn_dut_" + name + "-" + std::string(arch::name(format)) + ".so";
}

inline DutLibrary dut_library(const std::string& name, arch::Format format) {
  return DutLibrary::load(dut_path(name, format), format);
}

// The ids; none of a library without bugs.
inline std::vector<std::string> bugs_of(const kilburn_dut_api& api) {
  std::vector<std::string> ids;
  for (const char* const* bug = api.bugs; bug && *bug; ++bug) ids.emplace_back(*bug, std::strcspn(*bug, "\t"));
  return ids;
}

}  // namespace kilburn::tb
