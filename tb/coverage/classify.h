// SPDX-License-Identifier: Apache-2.0
//
// One observation to its place on an axis. Pure functions; nothing where an observation has no place.
#pragma once

#include <optional>

#include "model/arch/walk.h"
#include "tb/coverage/model.h"

namespace kilburn::coverage {

// A response as it was taken.
struct Answered {
  arch::Fault fault = arch::Fault::none;
  u16 error = 0;
  u8 level = 0;
  u8 size = 0;
};

Access access_of(const arch::Request&);
Privilege privilege_of(const arch::Request&);
Mode mode_of(arch::Format, const arch::Context&);
unsigned protection_of(const arch::Request&, const arch::Context&);  // WP, SMEP, SMAP, AC, NXE, PKE from bit 0
bool control_on(Control, const arch::Request&, const arch::Context&);
X86Size x86_size(unsigned page_log2);
AlphaSize alpha_size(arch::Format, unsigned page_log2);

// What decided, by the response and the walk of now; nothing if the two do not agree where the walk is needed, or
// several causes stand in one entry.
std::optional<X86Outcome> x86_outcome(const arch::Settings&, const arch::Context&, const Answered&,
                                      const arch::Outcome& now);
std::optional<AlphaOutcome> alpha_outcome(const arch::Context&, const Answered&, const arch::Outcome& now);
// The page of the leaf that the walk of now came to.
X86Size x86_leaf(const arch::Outcome& now);
AlphaSize alpha_leaf(const arch::Outcome& now);

struct SoleDenial {
  Denial right;
  Level level;
};
// One level alone takes a right that the access needs.
std::optional<SoleDenial> sole_denial(const arch::Outcome& now);

std::optional<Corner> corner_of(arch::Format, const arch::Context&, u64 va);
// The last word of a page, which is also in other corners.
inline bool at_page_end(arch::Format format, u64 va) {
  return (va >> 3 & ((u64{1} << (arch::info(format).page_shift - 3)) - 1)) ==
         (u64{1} << (arch::info(format).page_shift - 3)) - 1;
}
bool maps_itself(arch::Format, const arch::Outcome& now);

// Which changes, a bit each of X86Change or AlphaChange.
u32 x86_changes(u64 before, u64 after, unsigned level);
u32 alpha_changes(u64 before, u64 after);

Invalidation invalidation_of(arch::Format, u8 op);

}  // namespace kilburn::coverage
