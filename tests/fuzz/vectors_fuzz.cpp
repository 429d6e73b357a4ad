// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a vector file: they are read to the end or refused with a place.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tb/stimulus/vectors.h"

using namespace kilburn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    tb::VectorReader reader(os::LineSource::from_memory({reinterpret_cast<const char*>(data), size}, "fuzz"));
    for (tb::CpuVector vector; reader.next(vector);) {
      // What the reader promises to those who use it.
      if (vector.accesses.empty() || vector.settings.pa_width < 32 || vector.settings.pa_width > 52) std::abort();
      for (std::size_t at = 1; at < vector.words.size(); ++at) {
        if (vector.words[at - 1].pa >= vector.words[at].pa) std::abort();
      }
      for (const auto& access : vector.accesses) {
        if (access.fault != arch::Fault::none && !access.updated.empty()) std::abort();
      }
    }
  } catch (const tb::VectorError& e) {
    if (!std::string_view(e.what()).starts_with("fuzz:")) std::abort();
  }
  return 0;
}
