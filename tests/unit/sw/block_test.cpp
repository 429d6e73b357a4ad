// SPDX-License-Identifier: Apache-2.0
//
// What takes time: waits for the disk while others run, the sum of a fault's costs; yield points in every sequence.
#include "sw/hw/soft_tlb_port.h"
#include "tests/catch.h"
#include "tests/unit/sw/cpus.h"

namespace kilburn::os {
namespace {

using test::Cluster;
using test::kFormats;
using test::must;
using test::Script;
using test::tripped;

Config config(arch::Format format, u32 frames) {
  Config c;
  c.format = format;
  c.frames = frames;
  c.strict = true;
  c.quantum = 20;
  c.audit_every = 60;
  return c;
}

constexpr u64 kBase = 0x100000;

TEST_CASE("block: while one process waits for the disk another one runs (row 98)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    const auto run = [&](bool block, unsigned cpus) {
      Config c = config(format, 40);
      c.block = block;
      Cluster<> m(c, cpus);
      Script scripts[3];
      for (Script& s : scripts) s.sweep(kBase, 24, m.page(), 4);
      TraceReader* readers[] = {&scripts[0], &scripts[1], &scripts[2]};
      m.kernel->run(readers);
      const Statistics& s = m.kernel->statistics();
      CHECK(s.memory.swapped_in > 50);
      CHECK((s.blocked > 0) == block);
      CHECK(s.blocked == s.memory.faults[static_cast<size_t>(FaultKind::blocked)]);
      CHECK(s.references == 3 * (24 + 4 * 24));
      return std::pair(m.kernel->digest(), s.idle_cycles);
    };
    const auto [digest, waited] = run(false, 1);
    const auto [digest2, waited2] = run(true, 1);
    CHECK(digest == digest2);
    CHECK(waited2 < waited);  // some of the disk's time was used
    CHECK(run(true, 2).first == digest);
  }
}

TEST_CASE("block: the wait lies between two contexts of other processes") {
  Config c = config(arch::Format::x86_64, 24);
  c.quantum = 1000;
  Cluster<> m(c, 1);
  Script a, b;
  a.sweep(kBase, 20, m.page(), 1);
  // The second program runs only when the first one waits: its quantum is longer than all it does.
  b.map(kBase, 4096);
  for (int n = 0; n < 200; ++n) b.touch(TraceEvent::Kind::write, kBase);
  TraceReader* readers[] = {&a, &b};
  bool saw_waiting = false;
  b.hook_at = 50;
  b.hook = [&] { saw_waiting = m.kernel->processes()[0]->pending.waiting; };
  m.kernel->run(readers);
  CHECK(saw_waiting);
}

TEST_CASE("block: a process killed in the middle of a swap-in leaves nothing behind (P40)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Config c = config(format, 24);
    c.quantum = 1000;
    Cluster<> m(c, 1);
    Script a, b;
    a.sweep(kBase, 20, m.page(), 3);
    b.map(kBase, 2 * m.page());
    for (int n = 0; n < 400; ++n) b.touch(TraceEvent::Kind::modify, kBase + 8 * static_cast<u64>(n));
    b.hook_at = 20;
    bool waited = false;
    b.hook = [&] {
      Process& victim = *m.kernel->processes()[0];
      waited = victim.pending.waiting;
      m.kernel->kill(victim);
      m.kernel->audit();
    };
    TraceReader* readers[] = {&a, &b};
    m.kernel->run(readers);
    CHECK(waited);
    CHECK(m.kernel->processes()[0]->killed_by == Signal::kill);
    CHECK(m.kernel->statistics().killed_asked == 1);
    CHECK(m.kernel->statistics().memory.transfers_abandoned >= 1);
    CHECK(m.kernel->memory().buddy().free_frames() == m.kernel->memory().buddy().frames());
    CHECK(m.kernel->statistics().references > 400);  // the other one went on to its end
  }
}

TEST_CASE("block: more waiting processes than memory for their pages") {
  Config c = config(arch::Format::x86_64, 36);
  c.quantum = 3;
  Cluster<> m(c, 1);
  Script scripts[6];
  TraceReader* readers[6];
  for (size_t n = 0; n < 6; ++n) {
    scripts[n].sweep(kBase, 12, m.page(), 2);
    readers[n] = &scripts[n];
  }
  m.kernel->run(readers);
  CHECK(m.kernel->statistics().references == 6 * (12 + 2 * 12));
  CHECK(m.kernel->statistics().blocked > 20);
}

TEST_CASE("block: a page that cannot be read ends its process when the disk has said so") {
  Config c = config(arch::Format::x86_64, 24);
  MemoryDevice under;
  FaultyDevice faulty(under, {{FaultyDevice::Fault::eio, false, 4, 6}});
  RamMem ram(u64{c.frames} << 12);
  ArchMmuPort port(c.format, ram);
  Kernel kernel(ram, port, port, faulty, c);
  Script a, b;
  a.sweep(kBase, 20, 4096, 2);
  b.sweep(kBase, 20, 4096, 2);
  TraceReader* readers[] = {&a, &b};
  kernel.run(readers);
  CHECK(kernel.statistics().killed_bus == 1);
  CHECK(kernel.statistics().memory.read_errors == 1);
}

TEST_CASE("cost: a fault takes what its steps cost") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    Config c = config(format, 40);
    //          trap lookup table zero copy entry inv ack seek transfer switch
    c.costs = {1009, 101, 211, 307, 401, 503, 601, 701, 8009, 9001, 10007};
    test::Machine<> m(c);
    Process& p = m.kernel.spawn();
    REQUIRE(m.kernel.mmap(p, kBase, 2 * m.page(), kRead | kWrite) == 0);
    const auto latency = [&](FaultKind kind) { return m.kernel.statistics().latency[static_cast<size_t>(kind)]; };
    const u64 tables = m.kernel.memory().format().info().levels - 1;
    REQUIRE(m.load(p, kBase));
    // Trap, lookup, the tables below the root (allocated, zeroed, linked), the entry.
    CHECK(latency(FaultKind::zero_page).sum == 1009 + 101 + tables * (211 + 307 + 503) + 503);
    REQUIRE(m.store(p, kBase));
    // Trap, lookup, a copy of the zero page, the entry, one invalidation.
    CHECK(latency(FaultKind::cow_copy).sum == 1009 + 101 + 401 + 503 + 601 + 701);
    REQUIRE(m.store(p, kBase + m.page()));
    // The tables are there: trap, lookup, a zeroed frame, the entry.
    CHECK(latency(FaultKind::first_touch).sum == 1009 + 101 + 307 + 503);
    CHECK(latency(FaultKind::first_touch).count == 1);
    m.kernel.finish();
  }
}

TEST_CASE("cost: a swap-in takes a seek and a transfer") {
  Config c = config(arch::Format::x86_64, 24);
  c.costs = {1, 0, 0, 0, 0, 0, 0, 0, 1000000, 200000, 0};
  test::Machine<> m(c);
  Process& p = m.kernel.spawn();
  REQUIRE(m.kernel.mmap(p, kBase, 24 * 4096, kRead | kWrite) == 0);
  for (u64 n = 0; n < 24; ++n) REQUIRE(m.store(p, kBase + n * 4096));
  const u64 before = m.kernel.memory().meter().now();
  const u64 written = m.kernel.statistics().memory.swapped_out;
  REQUIRE(m.load(p, kBase));
  const u64 writes = m.kernel.statistics().memory.swapped_out - written;
  // One clock cycle an access (two), one for the trap, the page's way out if there was one, and in.
  CHECK(m.kernel.memory().meter().now() - before == 3 + (1 + writes) * 1200000);
  m.kernel.finish();
}

TEST_CASE("cost: the keys of the table name its entries") {
  for (size_t n = 0; n < kCosts; ++n) CHECK(cost_from_name(name(static_cast<Cost>(n))) == static_cast<Cost>(n));
  CHECK(cost_from_name("disk-seek") == Cost::disk_seek);
  CHECK_FALSE(cost_from_name("lunch"));
}

// A little of everything that has an order.
template <class Port>
void all_sequences(test::Machine<Port>& m) {
  Kernel& k = m.kernel;
  Process& p = k.spawn();
  const u64 page = m.page();
  must(k.mmap(p, kBase, 30 * page, kRead | kWrite) == 0);
  must(m.load(p, kBase));                                           // zero page
  for (u64 n = 0; n < 30; ++n) must(m.store(p, kBase + n * page));  // copy on write, first writes, swap-out
  for (u64 n = 0; n < 30; ++n) must(m.load(p, kBase + n * page));   // swap-in
  must(m.store(p, kBase + 29 * page));                              // Alpha: dirty by fault
  Process& child = k.fork(p);
  must(m.store(child, kBase));
  Process& other = k.spawn();  // a third ASID of two
  must(k.mmap(other, kBase, page, kRead) == 0);
  must(m.load(other, kBase));
  for (u64 n = 28; n < 30; ++n) must(m.store(p, kBase + n * page));
  must(k.mprotect(p, kBase + 28 * page, 2 * page, kRead) == 0);
  must(k.mprotect(p, kBase + 28 * page, 2 * page, kRead | kExecute) == 0);
  must(m.load(p, kBase + 28 * page));
  must(m.fetch(p, kBase + 28 * page));  // upgrade
  must(k.mremap(p, kBase + 28 * page, 2 * page, kBase + 64 * page, 2 * page) == 0);
  must(k.munmap(p, kBase, 2 * page) == 0);
  k.exit(child);
  k.finish();
}

Config yielding(arch::Format format, Bug bug = Bug::none) {
  Config c = config(format, 30);
  c.asid_bits = 1;
  c.yield = YieldPolicy::every;
  c.bug = bug;
  return c;
}

constexpr Sequence kSeen[] = {Sequence::first_read, Sequence::first_write, Sequence::swap_out, Sequence::swap_in,
                              Sequence::cow_break,  Sequence::fork,        Sequence::unmap,    Sequence::protect,
                              Sequence::remap,      Sequence::asid_wrap,   Sequence::exit,     Sequence::upgrade,
                              Sequence::ageing};

TEST_CASE("yield: every sequence has yield points inside (M23)") {
  for (const arch::Format format : kFormats) {
    INFO(arch::name(format));
    test::Machine<test::TlbPort> m(yielding(format));
    all_sequences(m);
    for (const Sequence sequence : kSeen) {
      INFO(name(sequence));
      CHECK(m.kernel.memory().yield().of(sequence).steps > 0);
      CHECK(m.kernel.memory().yield().of(sequence).yields > 0);
    }
    const bool emulated = format != arch::Format::x86_64;
    CHECK((m.kernel.memory().yield().of(Sequence::young_dirty).yields > 0) == emulated);
    CHECK(m.kernel.memory().yield().uncovered().empty());
    CHECK(tripped([&] {
            test::Machine<test::TlbPort> without(yielding(format, Bug::no_yield));
            all_sequences(without);
          }) == "coverage");
  }
}

// --- a TLB that software fills ------------------------------------------------------------------------

TEST_CASE("refill: the same data and faults as with a walker (P36)") {
  for (const arch::Format format : {arch::Format::alpha, arch::Format::alpha_x64}) {
    for (const u32 frames : {200u, 40u}) {
      INFO(arch::name(format) << " frames " << frames);
      Config c;
      c.format = format;
      c.frames = frames;
      c.audit_every = 3000;
      test::Machine<> walker(c);
      test::run_mini(walker);
      c.refill = RefillMode::software;
      test::Machine<SoftTlbPort> soft(c);
      test::run_mini(soft);
      CHECK(soft.kernel.digest() == walker.kernel.digest());
      CHECK(soft.kernel.statistics().memory.faults == walker.kernel.statistics().memory.faults);
      CHECK(soft.kernel.statistics().memory.swapped_out == walker.kernel.statistics().memory.swapped_out);
      CHECK(soft.kernel.statistics().refills == soft.port.fills());
      CHECK(soft.port.fills() > 200);  // three programs on two TLBs of 20 entries
      CHECK(soft.port.hits() > soft.port.misses());
    }
  }
}

TEST_CASE("refill: an entry is removed before its successor comes, and yields lie between") {
  Config c = yielding(arch::Format::alpha);
  c.refill = RefillMode::software;
  test::Machine<SoftTlbPort> m(c);
  all_sequences(m);
  CHECK(m.kernel.memory().yield().of(Sequence::refill).yields >= m.kernel.statistics().refills);
  CHECK(m.kernel.statistics().invalidations > m.kernel.statistics().refills);
}

TEST_CASE("refill: a TLB of one entry is enough") {
  Config c = config(arch::Format::alpha_x64, 60);
  c.strict = false;
  c.refill = RefillMode::software;
  test::Machine<SoftTlbPort> m(c, size_t{1});
  test::run_mini(m);
  c.refill = RefillMode::hardware;
  test::Machine<> walker(c);
  test::run_mini(walker);
  CHECK(m.kernel.digest() == walker.kernel.digest());
}

TEST_CASE("refill: refused where there is no such TLB") {
  Config c = config(arch::Format::x86_64, 40);
  c.refill = RefillMode::software;
  CHECK_THROWS_WITH(test::Machine<>(c),
                    "the TLB cannot be filled by software in the x86-64 format; the Alpha formats can");
}

}  // namespace
}  // namespace kilburn::os
