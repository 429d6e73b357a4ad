// SPDX-License-Identifier: Apache-2.0
//
// DUTs by name, those of the build folder included.
#pragma once

#include <string>

#include "tb/dut/loader.h"

namespace kilburn::tb {

inline std::string dut_path(const std::string& name, arch::Format format) {
  if (name.starts_with("wild")) return name;
  return std::string(KILBURN_DUTS) + "/kilburn_dut_" + name + "-" + std::string(arch::name(format)) + ".so";
}

inline DutLibrary dut_library(const std::string& name, arch::Format format) {
  return DutLibrary::load(dut_path(name, format), format);
}

}  // namespace kilburn::tb
