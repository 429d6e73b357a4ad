// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a lackey log: they are read to the end or refused with a place.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sw/trace/lackey.h"

using namespace kilburn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    os::LackeyReader reader(os::LineSource::from_memory({reinterpret_cast<const char*>(data), size}, "fuzz"));
    for (os::TraceEvent event; reader.next(event);) {
      if (event.reference() && (event.size == 0 || event.size > os::kMaxReference)) std::abort();
    }
  } catch (const os::TraceError& e) {
    if (!std::string_view(e.what()).starts_with("fuzz:")) std::abort();
  }
  return 0;
}
