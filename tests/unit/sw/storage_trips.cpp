// SPDX-License-Identifier: Apache-2.0
//
// Breaking what devices hold, slots, statistics; audits that look away.
#include "sw/check/compare.h"
#include "sw/check/swap_image.h"
#include "tests/unit/sw/property_trips.h"
#include "tests/unit/sw/trip_machine.h"

namespace kilburn::os::test {

namespace {

Config small(Bug bug = Bug::none) {
  Config c = trip_config(bug);
  c.frames = 20;
  c.audit_every = 1;
  return c;
}

// Writes 30 pages and reads them again.
template <class AnyMachine>
Process& thirty_pages(AnyMachine& m) {
  Process& p = m.kernel.spawn();
  const u64 a = m.kernel.mmap_anywhere(p, 30 * m.page(), kRead | kWrite);
  for (u64 at = 0; at < 30; ++at) must(m.store(p, a + at * m.page()));
  for (u64 at = 0; at < 30 && p.alive(); ++at) m.load(p, a + at * m.page());
  return p;
}

void run_small(const Config& c) {
  Machine<> m(c);
  thirty_pages(m);
  m.kernel.finish();
}

void with_faults(Config c) {
  MemoryDevice device;
  FaultyDevice faulty(device, {{FaultyDevice::Fault::lost, true, 6, 6}, {FaultyDevice::Fault::eio, false, 9, 11}});
  Machine<> m(c, faulty);
  for (int n = 0; n < 3; ++n) thirty_pages(m);
  m.kernel.finish();
}

// The program stores behind the kernel's back while the page is in the swap area.
void store_to_swapped_page() {
  Config c = small();
  Machine<> m(c);
  Process& p = thirty_pages(m);
  m.kernel.audit();
  u64 va = 0;
  p.space->table.for_each_leaf(0, m.kernel.memory().format().user_top(), [&](u64 at, u64 word) {
    const PteView v = m.kernel.memory().format().view(word);
    if (v.kind == EntryKind::swap && m.kernel.memory().swap()[v.slot].cached == kNoFrame) va = at;
  });
  must(va != 0);
  const std::byte other{0x42};
  p.oracle.store(va + 100, std::span(&other, 1));
  m.load(p, va);
}

void clean_file_page_changed() {
  Machine<> m(trip_config());
  Process& p = m.kernel.spawn();
  const u64 a = m.kernel.mmap_anywhere(p, m.page(), kRead, {7, 0, AreaKind::file_shared});
  must(m.load(p, a));
  m.kernel.audit();
  const Pfn pfn = m.kernel.memory().format().view(p.space->table.load(a)).pfn;
  m.ram.store64(m.kernel.memory().frame_address(pfn) + 64, 0);
  m.kernel.audit();
}

void damaged_image() {
  MemoryDevice device;
  Config c = small();
  Machine<> m(c, device);
  thirty_pages(m);
  must(m.kernel.memory().write_back_all() == 0);
  auto bytes = device.bytes();
  must(audit_swap_image(bytes).clean);
  u32 slot = 0;
  m.kernel.memory().swap().for_each([&](u32 n, const SwapSpace::Slot& s) {
    if (slot == 0 && s.users != 0) slot = n;
  });
  bytes[slot * m.page() + 5] ^= std::byte{4};
  audit_swap_image(bytes);
}

void two_seeds() {
  const auto run = [](u64 seed) {
    Config c = small();
    c.audit_every = 0;
    c.yield = YieldPolicy::random;
    c.seed = seed;
    Machine<TlbPort> m(c);
    thirty_pages(m);
    m.kernel.finish();
    return outcome_of(m.kernel);
  };
  const RunOutcome first = run(5);
  require_same_results("P47", first, run(6));
  require_same_log("P60", first, run(5));
  require_same_log("P60", first, run(6));
}

}  // namespace

std::vector<Trip> storage_trips() {
  std::vector<Trip> t;
  t.push_back({"P45", "a store that the kernel does not know of", store_to_swapped_page});
  t.push_back({"P46", "M7", [] { run_small(small(Bug::slot_leak)); }});
  t.push_back({"P49", "a byte in a clean page of a file", clean_file_page_changed});
  t.push_back({"P55", "M14, a lost write", [] { with_faults(small(Bug::bare_checksum)); }});
  t.push_back({"P55", "M4", [] {
                 Config c = small(Bug::map_unread);
                 c.audit_every = 0;
                 with_faults(c);
               }});
  t.push_back({"P56", "a flipped bit in a slot of a clean image", damaged_image});
  t.push_back({"P60", "M7, slots not checked", [] {
                 Config c = small(Bug::slot_leak);
                 c.checks_off = {"P46"};
                 run_small(c);
               }});
  t.push_back({"P60", "another seed", two_seeds});
  t.push_back({"P63", "M18", [] { run_small(small(Bug::rss_leak)); }});
  t.push_back({"P64", "M20", [] { run_small(small(Bug::roots_only)); }});
  return t;
}

}  // namespace kilburn::os::test
