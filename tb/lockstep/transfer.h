// SPDX-License-Identifier: Apache-2.0
//
// One transfer on the DUT's ports, its parts by name.
#pragma once

#include <array>
#include <string>

#include "model/arch/types.h"

namespace kilburn::tb {

enum class Side : arch::u8 { instruction = 0, data = 1 };

enum class Field : arch::u8 {
  cycle,
  side,  // of ports: 0 instructions, 1 data
  id,
  va,
  pa,     // of a response, a walker's access, or software's edit
  write,  // 0 or 1
  fetch,  // 0 or 1
  mode,   // arch::Mode
  asid,
  root,      // bytes: physical address of the top table
  controls,  // layout.def Controls
  fault,     // arch::Fault
  error,     // error code of a fault, or 1 for memory's bus error
  level,     // at which a fault was decided
  size,      // of a page, as a power of 2
  op,        // layout.def Inv
  data,      // a page-table word
};
inline constexpr unsigned kFields = 17;

struct Transfer {
  enum class Kind : arch::u8 { request, response, read, swap, answer, operation, acknowledge, edit };
  Kind kind = Kind::request;
  std::string line;  // for people

  void set(Field field, arch::u64 value) {
    values_[static_cast<unsigned>(field)] = value;
    present_ |= 1u << static_cast<unsigned>(field);
  }
  bool has(Field field) const { return (present_ >> static_cast<unsigned>(field) & 1) != 0; }
  arch::u64 operator[](Field field) const { return values_[static_cast<unsigned>(field)]; }

 private:
  std::array<arch::u64, kFields> values_{};
  arch::u32 present_ = 0;
};

}  // namespace kilburn::tb
