// SPDX-License-Identifier: Apache-2.0
//
// What a page-table memory tells about each access that it carries out for a walker, at the instant of the access.
#pragma once

#include "model/arch/types.h"

namespace kilburn::tb {

class WalkerObserver {
 public:
  virtual ~WalkerObserver() = default;
  virtual void read(unsigned id, arch::u64 pa, arch::u64 value) = 0;
  // A compare-and-swap that found `found`; it wrote if that is `expect`.
  virtual void swap(unsigned id, arch::u64 pa, arch::u64 expect, arch::u64 desired, arch::u64 found) = 0;
  virtual void bus_error(unsigned id, arch::u64 pa) = 0;
};

}  // namespace kilburn::tb
