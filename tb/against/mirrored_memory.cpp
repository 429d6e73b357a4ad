// SPDX-License-Identifier: Apache-2.0
//
// B's memory first: its checker looks at the word before, which is A's where B has none of its own.
#include "tb/against/mirrored_memory.h"

#include "model/arch/format.h"
#include "model/arch/layout.h"

namespace kilburn::against {

namespace pte = arch::layout::X86Pte;

u64 mirrored_swap(arch::Format format, u64 expect, u64 desired, u64 b) {
  if (!arch::info(format).hardware_ad) return desired;
  const u64 set_by_hardware = pte::A.mask() | pte::D.mask();
  const bool same_entry = pte::P.test(expect) && pte::P.test(desired) && ((expect ^ b) & ~set_by_hardware) == 0 &&
                          ((expect ^ desired) & pte::FRAME.mask()) == 0;
  if (!same_entry) return desired;
  const u64 untouched = set_by_hardware & ~(expect ^ desired);
  return desired | (b & untouched);
}

void MirroredMemory::store64(u64 pa, u64 value) {
  catch_up_();
  b_.store64(pa, value);
  a_.store64(pa, value);
  image_.settle(pa, 8);
}

u64 MirroredMemory::cas64(u64 pa, u64 expect, u64 desired) {
  catch_up_();
  if (a_.load64(pa) == expect) b_.store64(pa, mirrored_swap(format_, expect, desired, b_.load64(pa)));
  const u64 old = a_.cas64(pa, expect, desired);
  image_.settle(pa, 8);
  return old;
}

void MirroredMemory::write(u64 pa, std::span<const std::byte> in) {
  catch_up_();
  b_.write(pa, in);
  a_.write(pa, in);
  image_.settle(pa, in.size());
}

}  // namespace kilburn::against
