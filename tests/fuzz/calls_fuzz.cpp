// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the calls of a workload: read, written and read again they are the same, or they are refused with a
// place.
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>

#include "sw/core/errors.h"
#include "sw/workload/calls.h"

using namespace kilburn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  try {
    const auto calls = os::read_calls(in, "fuzz");
    if (calls.empty()) std::abort();
    std::stringstream written;
    os::CallWriter writer(written);
    for (const os::Call& call : calls) writer.call(call);
    if (os::read_calls(written, "written") != calls) std::abort();
  } catch (const os::UserError& e) {
    if (!std::string_view(e.what()).starts_with("fuzz")) std::abort();
  }
  return 0;
}
