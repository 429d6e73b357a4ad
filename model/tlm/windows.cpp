// SPDX-License-Identifier: Apache-2.0
//
// Book-keeping of direct-memory windows on both sides of the Mmu.
#include "model/tlm/windows.h"

#include <algorithm>

namespace kilburn::tlm {

void PhysicalWindows::add(const ::tlm::tlm_dmi& dmi) {
  const Window window{dmi.get_start_address(), dmi.get_end_address(),  dmi.get_dmi_ptr(),      dmi.is_read_allowed(),
                      dmi.is_write_allowed(),  dmi.get_read_latency(), dmi.get_write_latency()};
  // A wider or stronger window takes the place of what it contains, so that the list stays short.
  std::erase_if(windows_, [&](const Window& w) {
    return w.first >= window.first && w.last <= window.last && w.read <= window.read && w.write <= window.write;
  });
  windows_.push_back(window);
}

void PhysicalWindows::drop(u64 first, u64 last) {
  std::erase_if(windows_, [&](const Window& w) { return w.first <= last && w.last >= first; });
}

void VirtualGrants::add(const Grant& grant) {
  const auto same = std::ranges::find_if(grants_, [&](const Grant& g) {
    return g.first == grant.first && g.last == grant.last && g.pa == grant.pa && g.access == grant.access;
  });
  if (same == grants_.end()) {
    grants_.push_back(grant);
    return;
  }
  // The pointer that was handed out first may still be in use for what it was granted for.
  const bool read = same->read || grant.read;
  const bool write = same->write || grant.write;
  *same = grant;
  same->read = read;
  same->write = write;
}

VirtualGrants::Ranges VirtualGrants::take_covered(const Invalidation& inv) {
  return take_if([&](const Grant& g) { return g.translated && covers(inv, g.first, g.asid, g.translation); });
}

VirtualGrants::Ranges VirtualGrants::take_physical(u64 first, u64 last) {
  return take_if([&](const Grant& g) { return g.pa <= last && g.pa + (g.last - g.first) >= first; });
}

VirtualGrants::Ranges VirtualGrants::take_other_spaces() {
  return take_if([](const Grant& g) { return g.translated && !g.translation.global; });
}

VirtualGrants::Ranges VirtualGrants::take_all() {
  return take_if([](const Grant&) { return true; });
}

}  // namespace kilburn::tlm
