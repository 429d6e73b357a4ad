// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a directed test: read, written and read again it is the same, or it is refused with a place.
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>

#include "tb/errors.h"
#include "tb/failure/directed_test.h"

using namespace kilburn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  try {
    const tb::DirectedTest test = tb::read_directed_test(in, "fuzz");
    if (test.operations.empty() || test.seed == 0) std::abort();
    std::stringstream written;
    tb::write(written, test, {});
    const std::string first = written.str();
    std::ostringstream again;
    tb::write(again, tb::read_directed_test(written, "written"), {});
    if (again.str() != first) std::abort();
  } catch (const tb::UserError& e) {
    if (!std::string_view(e.what()).starts_with("fuzz")) std::abort();
  }
  return 0;
}
