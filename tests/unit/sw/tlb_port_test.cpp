// SPDX-License-Identifier: Apache-2.0
//
// The test port is stale when it should be: without an invalidation it answers from its TLB.
#include "tests/unit/sw/tlb_port.h"

#include "tests/catch.h"
#include "tests/unit/sw/machine.h"

namespace kilburn::os {
namespace {

TEST_CASE("tlb port: a changed entry is seen only after its invalidation") {
  const PteFormat& f = PteFormat::of(arch::Format::x86_64);
  RamMem ram(64 * 4096);
  test::TlbPort port(arch::Format::x86_64, ram);
  // Tables in frames 1 to 4, page in frame 9, then 10.
  for (Pfn n = 1; n < 4; ++n) ram.store64(n * 4096, f.table(n + 1));
  const PteView v{.kind = EntryKind::leaf, .pfn = 9, .rights = kRead | kWrite};
  ram.store64(4 * 4096, f.leaf(v));
  port.set_context({4096, 1, f.controls()});
  std::byte data[1] = {};
  const Access read{0x10, arch::Op::read, arch::Mode::user, data};
  CHECK(std::get<Done>(port.access(read)).pa == 9 * 4096 + 0x10);
  CHECK(f.view(ram.load64(4 * 4096)).young);
  CHECK_FALSE(f.view(ram.load64(4 * 4096)).dirty);
  CHECK(std::get<Done>(port.access({0x10, arch::Op::write, arch::Mode::user, data})).pa == 9 * 4096 + 0x10);
  CHECK(f.view(ram.load64(4 * 4096)).dirty);
  PteView other = v;
  other.pfn = 10;
  ram.store64(4 * 4096, f.leaf(other));
  CHECK(std::get<Done>(port.access(read)).pa == 9 * 4096 + 0x10);
  CHECK(port.hits() == 1);
  port.invalidate(Invalidate::page, 0x1000, 1);
  port.invalidate(Invalidate::asid, 0, 2);
  port.wait_invalidated();
  CHECK(std::get<Done>(port.access(read)).pa == 9 * 4096 + 0x10);
  port.invalidate(Invalidate::page, 0x0, 1);
  port.wait_invalidated();
  CHECK(std::get<Done>(port.access(read)).pa == 10 * 4096 + 0x10);
}

}  // namespace
}  // namespace kilburn::os
