// SPDX-License-Identifier: Apache-2.0
//
// What a kernel might have switched on.
#include "tb/stimulus/random_context.h"

#include "model/arch/layout.h"

namespace kilburn::tb {

using arch::u64;
namespace ctl = arch::layout::Controls;
namespace feature = arch::layout::Feature;

u64 draw_controls(Random& random, arch::Format format, arch::u32 features, u64 refill_one_in, kilburn_dut_in& in) {
  const auto has = [features](arch::layout::Field what) { return what.test(features); };
  u64 controls = 0;
  if (format == arch::Format::x86_64) {
    // NXE mostly on; what forbids much half of the time, or few supervisor accesses would succeed.
    controls |= ctl::WP.make(random.below(2)) | ctl::NXE.make(!random.one_in(16)) | ctl::PGE.make(!random.one_in(4));
    if (random.one_in(2)) controls |= ctl::SMEP.make(random.below(2)) | ctl::SMAP.make(random.below(2));
    if (random.one_in(2)) {
      controls |= ctl::PKE.make(has(feature::PKU) && random.one_in(2));
      controls |= ctl::PKS.make(has(feature::PKS) && random.one_in(2));
    }
    // Each key denies with a chance of one in eight a bit.
    in.ctx_pkru = static_cast<std::uint32_t>(random.word() & random.word() & random.word());
    in.ctx_pkrs = static_cast<std::uint32_t>(random.word() & random.word() & random.word());
    controls |= ctl::LA57.make(has(feature::LA57) && random.one_in(3));
  } else {
    if (random.one_in(2)) controls |= ctl::SPE.make(random.below(8));
    controls |= ctl::REFILL.make(has(feature::REFILL) && random.one_in(refill_one_in));
  }
  return controls | ctl::PHYS.make(has(feature::PHYS) && random.one_in(32));
}

}  // namespace kilburn::tb
