// SPDX-License-Identifier: Apache-2.0
//
// `wild` behind the contract of tb/dut/dut.h: one set of functions a profile and format.
#include "tb/dut/models/wild_dut.h"

#include <array>
#include <utility>

#include "tb/dut/models/pins.h"
#include "tb/dut/models/wild_mmu.h"

namespace kilburn::tb {
namespace {

using wild::WildMmu;

constexpr unsigned kFormats = 3;
constexpr unsigned kProfiles = 12;

WildMmu& mmu(void* self) { return *static_cast<WildMmu*>(self); }

// The contract's create() takes no more than a seed, so that each profile and format has one of its own.
template <unsigned kProfile, unsigned kFormat>
kilburn_dut_api make() {
  const auto format = static_cast<arch::Format>(kFormat);
  const wild::Profile& profile = wild::profiles()[kProfile];
  kilburn_dut_api a = models::make_api(format, profile.name, profile.description);
  a.create = [](arch::u64 seed) -> void* { return new WildMmu(static_cast<arch::Format>(kFormat), kProfile, seed); };
  a.destroy = [](void* self) { delete static_cast<WildMmu*>(self); };
  a.reset = [](void* self, arch::u32 cfg, kilburn_dut_out* out) { mmu(self).reset(cfg, *out); };
  a.clock = [](void* self, const kilburn_dut_in* in, kilburn_dut_out* out) { mmu(self).clock(*in, *out); };
  a.bugs = wild::bug_list(format);
  a.set_bug = [](void* self, const char* id) {
    const wild::Bug bug = wild::bug_from_id(static_cast<arch::Format>(kFormat), id);
    if (bug == wild::Bug::none && *id != '\0') return -1;
    mmu(self).set_bug(bug);
    return 0;
  };
  return a;
}

template <std::size_t... kIndex>
const kilburn_dut_api& api_of(std::size_t index, std::index_sequence<kIndex...>) {
  static const std::array<kilburn_dut_api, sizeof...(kIndex)> all{make<kIndex / kFormats, kIndex % kFormats>()...};
  return all[index];
}

}  // namespace

std::vector<std::string> wild_dut_names() {
  std::vector<std::string> names;
  for (const wild::Profile& p : wild::profiles()) names.emplace_back(p.name);
  return names;
}

const kilburn_dut_api* wild_dut(std::string_view name, arch::Format format) {
  const auto profiles = wild::profiles();
  for (std::size_t n = 0; n < profiles.size(); ++n) {
    if (profiles[n].name != name) continue;
    return &api_of(n * kFormats + static_cast<std::size_t>(format), std::make_index_sequence<kFormats * kProfiles>());
  }
  return nullptr;
}

}  // namespace kilburn::tb
