// SPDX-License-Identifier: Apache-2.0
//
// Entry point for fuzzers (libFuzzer's signature): any bytes are read to the end or refused by name.
#include <cstddef>
#include <cstdint>

#include "sw/trace/lackey.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kilburn::os;
  LackeyReader reader(LineSource::from_memory({reinterpret_cast<const char*>(data), size}, "fuzz"));
  try {
    for (TraceEvent event; reader.next(event);) {
    }
  } catch (const TraceError&) {
  }
  return 0;
}
