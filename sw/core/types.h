// SPDX-License-Identifier: Apache-2.0
//
// Small vocabulary of the OS shim: frames, rights, the granule of recorded address spaces.
#pragma once

#include "model/arch/types.h"

namespace kilburn::os {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

using Pfn = u32;  // page frame number: physical address / page size
inline constexpr Pfn kNoFrame = ~Pfn{0};

// Rights of a mapping. Any right implies reading, as on the machines modelled (LX protection_map).
using Rights = u8;
inline constexpr Rights kRead = 1, kWrite = 2, kExecute = 4;
constexpr Rights with_read(unsigned rights) { return static_cast<Rights>((rights & 7u) ? rights | kRead : 0u); }
constexpr Rights needed_for(arch::Op op) {
  return op == arch::Op::write ? kWrite : op == arch::Op::fetch ? kExecute : kRead;
}

// Programs are recorded on 4 KB pages. Mappings keep that granule whatever the page size is, so that
// a trace means the same on every format; a larger page has the union of its granules' rights.
inline constexpr unsigned kGranuleShift = 12;
inline constexpr u64 kGranule = u64{1} << kGranuleShift;
constexpr u64 granule_down(u64 address) { return address & ~(kGranule - 1); }
constexpr u64 granule_up(u64 address) { return granule_down(address + kGranule - 1); }

}  // namespace kilburn::os
