// SPDX-License-Identifier: Apache-2.0
//
// C++ accessors of layout.def: layout::X86Pte::FRAME is a Field, layout::Fault::PF a code.
#pragma once

#include "model/arch/types.h"

namespace kilburn::arch::layout {

// Bits msb:lsb of a word of up to 64 bits.
struct Field {
  unsigned msb;
  unsigned lsb;

  constexpr u64 mask() const { return (~u64{0} >> (63 - msb + lsb)) << lsb; }
  constexpr u64 get(u64 word) const { return (word & mask()) >> lsb; }
  constexpr bool test(u64 word) const { return (word & mask()) != 0; }
  // `word` with the field replaced; value bits that do not fit are dropped.
  constexpr u64 set(u64 word, u64 value) const { return (word & ~mask()) | ((value << lsb) & mask()); }
  // A word with this field alone.
  constexpr u64 make(u64 value) const { return set(0, value); }
};

#define KILBURN_FIELD(set, name, msb, lsb, doc) \
  namespace set {                               \
  inline constexpr Field name{msb, lsb};        \
  }
#define KILBURN_VALUE(enumeration, name, value, doc) \
  namespace enumeration {                            \
  inline constexpr u8 name = value;                  \
  }
#include "model/arch/layout.def"

}  // namespace kilburn::arch::layout

// The enumerations of types.h carry the codes of layout.def.
namespace kilburn::arch {
constexpr bool codes(Format e, u8 code) { return static_cast<u8>(e) == code; }
constexpr bool codes(Mode e, u8 code) { return static_cast<u8>(e) == code; }
constexpr bool codes(Fault e, u8 code) { return static_cast<u8>(e) == code; }
constexpr bool codes(Chip e, u8 code) { return static_cast<u8>(e) == code; }

static_assert(codes(Format::x86_64, layout::Format::X86_64) && codes(Format::alpha, layout::Format::ALPHA) &&
              codes(Format::alpha_x64, layout::Format::ALPHA_X64));
static_assert(codes(Mode::kernel, layout::Mode::KERNEL) && codes(Mode::executive, layout::Mode::EXECUTIVE) &&
              codes(Mode::supervisor, layout::Mode::SUPERVISOR) && codes(Mode::user, layout::Mode::USER));
static_assert(codes(Fault::none, layout::Fault::NONE) && codes(Fault::page, layout::Fault::PF) &&
              codes(Fault::general, layout::Fault::GP) && codes(Fault::bus, layout::Fault::BUS) &&
              codes(Fault::miss, layout::Fault::MISS));
static_assert(codes(Chip::ev4, layout::Chip::EV4) && codes(Chip::ev5, layout::Chip::EV5) &&
              codes(Chip::ev6, layout::Chip::EV6));
static_assert(codes(Fault::tnv, layout::Fault::TNV) && codes(Fault::acv, layout::Fault::ACV) &&
              codes(Fault::on_read, layout::Fault::FOR) && codes(Fault::on_execute, layout::Fault::FOE) &&
              codes(Fault::on_write, layout::Fault::FOW));
}  // namespace kilburn::arch
