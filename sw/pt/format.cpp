// SPDX-License-Identifier: Apache-2.0
//
// Choice of the format, and edits of a leaf by way of its view.
#include "sw/pt/format.h"

#include "sw/pt/alpha.h"
#include "sw/pt/x86_64.h"

namespace kilburn::os {

const PteFormat& PteFormat::of(arch::Format format) {
  static const X86Format x86;
  static const AlphaFormat alpha(arch::info(arch::Format::alpha));
  static const AlphaFormat alpha_x64(arch::info(arch::Format::alpha_x64));
  switch (format) {
    case arch::Format::alpha:
      return alpha;
    case arch::Format::alpha_x64:
      return alpha_x64;
    case arch::Format::x86_64:
      break;
  }
  return x86;
}

u64 PteFormat::with_frame(u64 word, Pfn pfn) const {
  PteView v = view(word);
  v.pfn = pfn;
  return leaf(v);
}

u64 PteFormat::with_rights(u64 word, Rights rights) const {
  PteView v = view(word);
  v.rights = rights;
  return leaf(v);
}

u64 PteFormat::with_young(u64 word, bool young) const {
  PteView v = view(word);
  v.young = young;
  return leaf(v);
}

u64 PteFormat::with_dirty(u64 word, bool dirty) const {
  PteView v = view(word);
  v.dirty = dirty;
  return leaf(v);
}

}  // namespace kilburn::os
