// SPDX-License-Identifier: Apache-2.0
//
// The truth table of Alpha page-table entries: from an entry's low bits to what DEC's OSF/1 PALcode reports. Written
// from the manuals, with bits as numbers; it shares nothing with model/arch but the vocabulary of types.h.
#pragma once

#include <string_view>

#include "model/arch/types.h"

namespace kilburn::truth {

using arch::u16;
using arch::u32;
using arch::u64;

enum class AlphaLayout : arch::u8 { osf, vms };

struct AlphaExpected {
  arch::Fault fault;
  std::string_view rule;  // "alpha.leaf.for"; "" without a fault
};

// Whether the entry has the enable that the access needs: loads and fetches the read enable, stores the write enable.
constexpr bool alpha_enabled(AlphaLayout layout, u64 entry, arch::Op op, arch::Mode mode) {
  // KRE 8, ERE 9, SRE 10, URE 11 and KWE 12, EWE 13, SWE 14, UWE 15 of the VMS layout; OSF has URE 9, UWE 13
  constexpr unsigned kVms[] = {8, 9, 10, 11};
  constexpr unsigned kOsf[] = {8, 9, 9, 9};
  const unsigned read = (layout == AlphaLayout::vms ? kVms : kOsf)[static_cast<unsigned>(mode)];
  return (entry >> (op == arch::Op::write ? read + 4 : read) & 1) != 0;
}

// The last level: V, then the enables, then the fault-on bit of the access.
constexpr AlphaExpected alpha_leaf(AlphaLayout layout, u64 entry, arch::Op op, arch::Mode mode) {
  using arch::Fault;
  using arch::Op;
  const bool enabled = alpha_enabled(layout, entry, op, mode);
  if ((entry & 1) == 0) {
    if (enabled) return {Fault::tnv, "alpha.leaf.tnv"};
    return {Fault::acv, "alpha.leaf.invalid_acv"};
  }
  if (!enabled) return {Fault::acv, "alpha.leaf.acv"};
  if (op == Op::read && (entry & 2) != 0) return {Fault::on_read, "alpha.leaf.for"};
  if (op == Op::write && (entry & 4) != 0) return {Fault::on_write, "alpha.leaf.fow"};
  if (op == Op::fetch && (entry & 8) != 0) return {Fault::on_execute, "alpha.leaf.foe"};
  return {Fault::none, ""};
}

// An upper level: V, and in an invalid entry KRE, whatever the mode, the access and the layout.
constexpr AlphaExpected alpha_table(u64 entry) {
  using arch::Fault;
  if ((entry & 1) != 0) return {Fault::none, ""};
  if ((entry & 0x100) != 0) return {Fault::tnv, "alpha.table.tnv"};
  return {Fault::acv, "alpha.table.acv"};
}

// Every image of the bits that count for rights: V FOR FOW FOE (0 to 3) and the enables (8 to 15).
inline constexpr u32 kAlphaImages = 4096;
constexpr u16 alpha_image(u32 n) { return static_cast<u16>((n & 0xf) | (n & 0xff0) << 4); }

// Of the images, for any one layout, mode and access: half lack the enable (ACV); half of the rest are invalid (TNV);
// half of those left have the fault-on bit.
inline constexpr u32 kAlphaAcv = 2048, kAlphaTnv = 1024, kAlphaFaultOn = 512, kAlphaAllowed = 512;

}  // namespace kilburn::truth
