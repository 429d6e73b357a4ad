// SPDX-License-Identifier: Apache-2.0
//
// kmalloc, vmalloc and accesses in kernel mode, on the architecture and through a TLB (P10, P18, P34).
#include "tests/catch.h"
#include "tests/unit/sw/machine.h"
#include "tests/unit/sw/tlb_port.h"

namespace kilburn::os {
namespace {

using test::kFormats;
using test::tripped;

Config config(arch::Format format, u32 frames = 96) {
  Config c;
  c.format = format;
  c.frames = frames;
  c.strict = true;
  return c;
}

// A machine with one process whose context the port has.
template <class Port = ArchMmuPort>
struct KernelMachine : test::Machine<Port> {
  explicit KernelMachine(const Config& c) : test::Machine<Port>(c), process(this->kernel.spawn()) {}
  Memory& memory() { return this->kernel.memory(); }
  KernelMemory& own() { return memory().kernel(); }
  void run() { memory().load(0, *process.space); }
  // Null if the access faulted.
  std::optional<u64> load(u64 va) {
    u64 value = 0;
    const auto r =
        own().access(this->port, *process.space, va, arch::Op::read, std::as_writable_bytes(std::span(&value, 1)));
    return std::holds_alternative<Done>(r) ? std::optional(value) : std::nullopt;
  }
  bool store(u64 va, u64 value) {
    const auto r =
        own().access(this->port, *process.space, va, arch::Op::write, std::as_writable_bytes(std::span(&value, 1)));
    return std::holds_alternative<Done>(r);
  }
  arch::Fault user_load(u64 va) {
    u64 value = 0;
    const auto r =
        this->port.access({va, arch::Op::read, arch::Mode::user, std::as_writable_bytes(std::span(&value, 1))});
    const FaultInfo* fault = std::get_if<FaultInfo>(&r);
    return fault == nullptr ? arch::Fault::none : fault->code;
  }
  Process& process;
};

TEST_CASE("kmalloc: contiguous frames at their logical addresses, for kernel mode only") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    KernelMachine<> m(config(format));
    const u64 va = m.own().kmalloc(3 * m.page());
    REQUIRE(va != 0);
    m.run();
    // The base of the direct map is the format's (LX mm.rst, IDENT_ADDR, EV6 SPE<2>).
    const u64 base = format == arch::Format::x86_64  ? 0xffff888000000000
                     : format == arch::Format::alpha ? 0xfffffc0000000000
                                                     : 0xffff800000000000;
    const u64 pa = va - base;
    CHECK(pa % (4 * m.page()) == 0);  // 3 pages are a block of 4
    for (u64 n = 0; n < 4; ++n) {
      CHECK(m.store(va + n * m.page() + 16, 1000 + n));
      CHECK(m.ram.load64(pa + n * m.page() + 16) == 1000 + n);
      CHECK(m.load(va + n * m.page() + 16) == 1000 + n);
    }
    CHECK(m.user_load(va) == (format == arch::Format::x86_64 ? arch::Fault::page : arch::Fault::acv));
    CHECK_FALSE(m.load(base + m.ram.size()));  // nothing past the end of memory
    m.kernel.audit();
    m.own().kfree(va);
    CHECK(tripped([&] { m.own().kfree(va); }) == "P17");
    m.kernel.finish();
  }
}

TEST_CASE("kmalloc: DMA buffers lie in the DMA zone and stay there while all else is swapped (P10, P18)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Config c = config(format, 64);
    c.dma_frames = 16;
    c.audit_every = 300;
    KernelMachine<> m(c);
    const u64 va = m.own().kmalloc(2 * m.page(), ZoneKind::dma);
    REQUIRE(va != 0);
    m.run();
    const u64 pa = va - m.memory().format().direct_base();
    CHECK(pa + 2 * m.page() <= 16 * m.page());
    REQUIRE(m.store(va + 8, 77));
    const u64 a = m.kernel.mmap_anywhere(m.process, 120 * m.page(), kRead | kWrite);
    for (int round = 0; round < 3; ++round) {
      for (u64 n = 0; n < 120; ++n)
        REQUIRE(m.kernel.reference(m.process, TraceEvent::Kind::write, a + n * m.page(), 8));
    }
    CHECK(m.kernel.statistics().memory.swapped_out > 100);
    CHECK(m.load(va + 8) == 77);
    CHECK(m.ram.load64(pa + 8) == 77);
    // More than the zone holds: refused, nothing else.
    CHECK(m.own().kmalloc(32 * m.page(), ZoneKind::dma) == 0);
    m.kernel.finish();
    m.own().kfree(va);
  }
}

TEST_CASE("vmalloc: single frames under consecutive addresses, a page between areas unmapped") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    KernelMachine<> m(config(format));
    const u64 one = m.own().vmalloc(5 * m.page());
    const u64 two = m.own().vmalloc(1);
    REQUIRE(one == m.memory().format().vmalloc_base());
    CHECK(two == one + 6 * m.page());
    m.run();
    for (u64 n = 0; n < 5; ++n) CHECK(m.store(one + n * m.page(), n));
    for (u64 n = 0; n < 5; ++n) CHECK(m.load(one + n * m.page()) == n);
    CHECK_FALSE(m.load(one + 5 * m.page()));
    CHECK(m.store(two, 9));
    CHECK_FALSE(m.load(two + m.page()));
    CHECK(m.user_load(one) != arch::Fault::none);
    m.kernel.audit();
    m.own().vfree(one);
    CHECK_FALSE(m.load(one));
    CHECK(m.load(two) == 9);
    CHECK(m.own().vmalloc(5 * m.page()) == one);  // the hole fits
    CHECK(m.own().vmalloc(1000 * m.page()) == 0);
    m.kernel.audit();
    CHECK(tripped([&] { m.own().vfree(one + m.page()); }) == "P17");
    m.kernel.finish();
  }
}

TEST_CASE("vmalloc: a process learns of the kernel's table at its first kernel fault, once (3.8 number 18)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    KernelMachine<> m(config(format));
    const u64 va = m.own().vmalloc(4 * m.page());
    m.run();
    CHECK(m.process.space->table.top_entry(va) == 0);
    CHECK(m.store(va, 1));
    CHECK(m.own().statistics().faults == 1);
    CHECK(m.process.space->table.top_entry(va) != 0);
    CHECK(m.store(va + m.page(), 1));
    CHECK(m.own().vmalloc(m.page()) != 0);
    CHECK(m.store(va + 5 * m.page(), 1));  // a new area under the same top entry needs no fault
    CHECK(m.own().statistics().faults == 1);
    Process& other = m.kernel.spawn();
    m.memory().load(0, *other.space);
    u64 value = 0;
    const auto r =
        m.own().access(m.port, *other.space, va, arch::Op::read, std::as_writable_bytes(std::span(&value, 1)));
    CHECK(std::holds_alternative<Done>(r));
    CHECK(value == 1);
    CHECK(m.own().statistics().faults == 2);
    m.kernel.audit();
    m.kernel.finish();
  }
}

TEST_CASE("vmalloc: entries are global, survive what invalidates a space, and go with vfree (P34)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    KernelMachine<test::TlbPort> m(config(format));
    const u64 few = m.own().vmalloc(2 * m.page());
    const u64 many = m.own().vmalloc(12 * m.page());
    m.run();
    CHECK(m.store(few, 5));
    for (u64 n = 0; n < 12; ++n) CHECK(m.store(many + n * m.page(), n));
    const u64 hits = m.port.hits();
    CHECK(m.load(few) == 5u);
    CHECK(m.port.hits() == hits + 1);
    m.port.invalidate(Invalidate::asid, 0, m.memory().cpus().live(m.process.space->tag)[0]);
    m.port.invalidate(Invalidate::nonglobal, 0, 0);
    CHECK(m.load(few) == 5u);
    CHECK(m.port.hits() == hits + 2);
    // A TLB that forgets nothing by itself: if vfree did not invalidate, these loads would still succeed.
    m.own().vfree(few);
    m.own().vfree(many);
    CHECK_FALSE(m.load(few));
    for (u64 n = 0; n < 12; ++n) CHECK_FALSE(m.load(many + n * m.page()));
    m.kernel.finish();
  }
}

TEST_CASE("order: a kernel entry is not covered by invalidating a space (P29, P34)") {
  const PteFormat& format = PteFormat::of(arch::Format::alpha);
  EventLog log;
  OrderChecker checker(format, 100, log);
  const u64 va = format.vmalloc_base();
  const MmEvent cleared{.kind = MmEvent::Kind::entry,
                        .va = va,
                        .span = 8192,
                        .seen = format.kernel_leaf(9, 1),
                        .old_word = format.kernel_leaf(9, 1)};
  const auto freed = [&] { return tripped([&] { checker.event({.kind = MmEvent::Kind::free, .pfn = 9}); }); };
  checker.event(cleared);
  for (const Invalidate op : {Invalidate::asid, Invalidate::nonglobal, Invalidate::page_nonglobal}) {
    checker.event({.kind = MmEvent::Kind::invalidate, .op = op, .va = va});
    checker.event({.kind = MmEvent::Kind::acknowledge});
    CHECK(freed() == "P29");
  }
  checker.event({.kind = MmEvent::Kind::invalidate, .op = Invalidate::page, .asid = 7, .va = va + 100});
  checker.event({.kind = MmEvent::Kind::acknowledge});
  CHECK(freed() == "");
  MmEvent user = cleared;
  user.new_word = format.leaf({.kind = EntryKind::leaf, .pfn = 9, .rights = kRead});
  CHECK(tripped([&] { checker.event(user); }) == "P33");
}

TEST_CASE("kernel memory: the audit notices a block that lost its pin or its place (P10)") {
  KernelMachine<> m(config(arch::Format::x86_64));
  const u64 va = m.own().vmalloc(m.page());
  const u64 block = m.own().kmalloc(m.page());
  m.kernel.audit();
  auto& map = const_cast<MemMap&>(m.memory().map_of_frames());
  const Pfn pfn = static_cast<Pfn>((block - m.memory().format().direct_base()) / m.page());
  --map[pfn].pins;
  CHECK(tripped([&] { m.kernel.audit(); }) != "");
  CHECK(tripped([&] { m.own().check(); }) == "P10");
  ++map[pfn].pins;
  m.kernel.audit();
  m.own().vfree(va);
  m.own().kfree(block);
  m.kernel.finish();
}

TEST_CASE("kernel memory: large pages in the direct map where memory fills them, none past its end") {
  KernelMachine<> m(config(arch::Format::x86_64, 1024 + 5));
  const u64 va = m.own().kmalloc(m.page());
  m.run();
  const u64 base = m.memory().format().direct_base();
  const u64 reads = m.port.counts().entry_reads;
  CHECK(m.load(base + 0x200000 + 8));  // fault, top entry copied, then root, level 3, a 2 MB leaf
  CHECK(m.port.counts().entry_reads - reads == 1 + 3);
  CHECK(m.load(base + 1028 * m.page()));
  CHECK(m.port.counts().entry_reads - reads == 1 + 3 + 4);
  CHECK_FALSE(m.load(base + 1029 * m.page()));
  m.own().kfree(va);
  m.kernel.finish();
}

TEST_CASE("bare: with translation off an address is physical, no table is read, programs overwrite each other") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    KernelMachine<> m(config(format));
    m.port.set_context(Memory::bare_context());
    const u64 reads = m.port.counts().entry_reads;
    const auto put = [&](u64 pa, u64 value) {
      const auto r =
          m.port.access({pa, arch::Op::write, arch::Mode::kernel, std::as_writable_bytes(std::span(&value, 1))});
      return std::holds_alternative<Done>(r) && std::get<Done>(r).pa == pa;
    };
    const u64 pa = 50 * m.page() + 8;
    CHECK(put(pa, 1));  // one program
    CHECK(put(pa, 2));  // another, at the same address: nothing keeps them apart (row 88)
    CHECK(m.ram.load64(pa) == 2);
    CHECK_FALSE(put(m.ram.size(), 1));
    CHECK(m.port.counts().entry_reads == reads);
    // The frame was free: its mark is gone, and the audit says so.
    CHECK(tripped([&] { m.kernel.audit(); }) == "P8");
  }
}

}  // namespace
}  // namespace kilburn::os
