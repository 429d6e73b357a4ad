// SPDX-License-Identifier: Apache-2.0
//
// The self-test as the tests run it.
#pragma once

#include <set>
#include <string>

#include "tb/conformance/conformance.h"

namespace kilburn::test {

inline const kilburn_dut_api& rtl() {
  static const tb::DutLibrary library =
      tb::DutLibrary::load(KILBURN_BINARY_DIR "/duts/kilburn_dut_mmu-x86-64.so", arch::Format::x86_64);
  return library.api();
}

inline std::vector<tb::ConformanceCheck> self_test(const tb::DutLibrary& library, arch::u64 responses = 400) {
  return tb::check_conformance(library, {1, responses, std::filesystem::temp_directory_path()});
}

inline std::set<std::string> failed(const std::vector<tb::ConformanceCheck>& checks) {
  std::set<std::string> names;
  for (const auto& check : checks) {
    if (!check.passed) names.insert(check.name);
  }
  return names;
}

}  // namespace kilburn::test
