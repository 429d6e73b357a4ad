// SPDX-License-Identifier: Apache-2.0
//
// Entry bits, controls and codes as the manuals number them, for tests that do not share the model's accessors.
#pragma once

#include "model/arch/layout.h"
#include "tests/directed/bench.h"

namespace kilburn::directed {

namespace inv = arch::layout::Inv;

// x86-64 entries (SDM tables 4-15 to 4-20)
inline constexpr u64 kP = 1, kW = 2, kU = 4, kPwt = 8, kPcd = 0x10, kA = 0x20, kD = 0x40, kPs = 0x80, kPat4k = 0x80,
                     kG = 0x100, kPatLarge = 0x1000;
inline constexpr u64 kNx = u64{1} << 63;
inline constexpr u64 kUserPage = kP | kW | kU | kA | kD;
inline constexpr u64 kKernelPage = kP | kW | kA | kD;
constexpr u64 bit(unsigned n) { return u64{1} << n; }
constexpr u64 key(u64 k) { return k << 59; }

// Page-fault error code (SDM 4.7)
inline constexpr u16 kErrP = 1, kErrW = 2, kErrU = 4, kErrRsvd = 8, kErrId = 16, kErrPk = 32;

// Controls (layout.def)
inline constexpr u32 kWp = 1, kNxe = 2, kSmep = 4, kSmap = 8, kPke = 16, kPks = 32, kPge = 64, kLa57 = 128;
constexpr u32 spe(u32 enables) { return enables << 8; }
inline constexpr u32 kRefill = 1 << 11, kPhys = 1 << 12;

// Alpha entries (EV5 5.2; LX pgtable.h), OSF layout
inline constexpr u64 kV = 1, kFor = 2, kFow = 4, kFoe = 8, kAsm = 0x10, kKre = 0x100, kUre = 0x200, kKwe = 0x1000,
                     kUwe = 0x2000;
constexpr u64 gh(u64 hint) { return hint << 5; }

}  // namespace kilburn::directed
