// SPDX-License-Identifier: Apache-2.0
//
// Several misses at once, as rtl/README.md has them: walks side by side, one walk for several requests of a page,
// responses in any order, and no starving by invalidations. Named like the seeded bugs that break them.
#include <algorithm>

#include "tests/directed/entries.h"
#include "tests/directed/traps.h"

using namespace kilburn;
using namespace kilburn::directed;

namespace {
constexpr u64 kVa = 0x123'4568'0000;
constexpr u64 kPa = 0x5000'0000;
constexpr u64 kOther = 0x6a80'0000;
constexpr unsigned kSlow = 60;  // cycles of a memory answer, in which everything that can start has started

void slow(Bench& bench) { bench.set_timing({.min_latency = kSlow, .max_latency = kSlow}); }

// How many of `wanted` data requests can be under way at once; 1 of a DUT that does not say.
unsigned at_once(const Bench& bench, unsigned wanted) {
  return bench.rtl() ? std::min({wanted, bench.parameters().d_misses, bench.parameters().walkers}) : 1;
}

// Pages that share no table but the root.
u64 apart(const Bench& bench, u64 n) {
  return kVa + (n << (bench.page_shift() + (bench.page_shift() - 3) * (bench.levels() - 1)));
}
}  // namespace

KILBURN_TRAP("WALKS-AT-ONCE misses are walked for side by side", kAll) {
  const unsigned count = at_once(bench, 4);
  for (u64 n = 0; n < 4; ++n) bench.map(apart(bench, n), kPa + n * bench.page());
  slow(bench);
  const std::size_t before = bench.operations();
  Bench::Ticket tickets[4] = {};
  for (u64 n = 0; n < count; ++n) tickets[n] = bench.issue({.va = apart(bench, n), .op = Op::read});
  bench.idle(kSlow / 2);
  // No read has been answered yet: each is the first one of a walk.
  if (bench.rtl()) bench.same("walks at the memory", bench.operations() - before, count);
  for (u64 n = 0; n < count; ++n) bench.ok(bench.wait(tickets[n]), kPa + n * bench.page());
  for (u64 n = 0; n < 4; ++n) bench.ok(bench.read(apart(bench, n)), kPa + n * bench.page());
  // Both sides share the walkers.
  if (!bench.rtl() || bench.parameters().walkers < 2) return;
  bench.invalidate(inv::ALL);
  const std::size_t again = bench.operations();
  const auto data = bench.issue({.va = apart(bench, 0), .op = Op::read});
  const auto fetch = bench.issue({.va = apart(bench, 1), .op = Op::fetch});
  bench.idle(kSlow / 2);
  bench.same("walks at the memory, of both sides", bench.operations() - again, 2);
  bench.ok(bench.wait(data), kPa);
  bench.ok(bench.wait(fetch), kPa + bench.page());
}

KILBURN_TRAP("OUT-OF-ORDER a request that is ready is answered before an older one that waits", kAll) {
  const u64 warm = kVa, cold = apart(bench, 1), beside = kVa + bench.page();
  bench.map(warm, kPa);
  bench.map(cold, kOther);
  bench.map(beside, kPa + bench.page());
  bench.ok(bench.read(warm), kPa);
  bench.set_timing({.min_latency = 20, .max_latency = 20});
  const auto walk = bench.issue({.va = cold, .op = Op::read});
  const bool together = bench.rtl() && bench.parameters().d_misses > 1;
  if (together) {
    const Answer hit = bench.read(warm);
    bench.ok(hit, kPa);
    bench.same("cycles of a hit under a miss", hit.cycles, 1);
    bench.that("the older one waits", !bench.answered(walk));
  }
  if (together && bench.parameters().psc_entries[0] != 0 && bench.parameters().walkers > 1) {
    // One read against a walk from the root.
    bench.ok(bench.read(beside), kPa + bench.page());
    bench.that("the longer walk still goes on", !bench.answered(walk));
  }
  bench.ok(bench.wait(walk), kOther);
  bench.ok(bench.read(beside), kPa + bench.page());
}

KILBURN_TRAP("MERGE requests of one page that is being walked for cause one walk", kAll) {
  for (const Op op : {Op::read, Op::fetch}) {
    bench.restart();
    bench.map(kVa, kPa);
    bench.set_timing({.min_latency = 8, .max_latency = 8});
    const unsigned misses = op == Op::read ? bench.parameters().d_misses : bench.parameters().i_misses;
    const unsigned count = bench.rtl() ? std::clamp(misses, 1u, 4u) : 2;
    const std::size_t before = bench.operations();
    Bench::Ticket tickets[4] = {};
    for (u64 n = 0; n < count; ++n) tickets[n] = bench.issue({.va = kVa + 8 * n, .op = op});
    for (u64 n = 0; n < count; ++n) bench.ok(bench.wait(tickets[n]), kPa + 8 * n);
    if (bench.rtl() && bench.parameters().prefetch == 0) {
      bench.same("reads", bench.operations() - before, bench.levels());
    }
  }
}

KILBURN_TRAP("MERGE-ASID requests of one page in two address spaces are walked for apart", kAll) {
  const u64 root1 = bench.context.root;
  bench.map(kVa, kPa);
  const u64 root2 = bench.context.root = bench.new_table();
  bench.context.asid = 2;
  bench.map(kVa, kOther);
  const auto enter = [&](u16 asid) {
    bench.context.root = asid == 1 ? root1 : root2;
    bench.context.asid = asid;
  };
  slow(bench);
  const unsigned count = at_once(bench, 2);
  const std::size_t before = bench.operations();
  enter(1);
  const auto one = bench.issue({.va = kVa, .op = Op::read});
  if (count == 2) {
    enter(2);
    const auto two = bench.issue({.va = kVa, .op = Op::read});
    bench.idle(kSlow / 2);
    bench.same("walks at the memory", bench.operations() - before, 2);
    bench.ok(bench.wait(two), kOther);
  }
  bench.ok(bench.wait(one), kPa);
  enter(2);
  bench.ok(bench.read(kVa), kOther);
  enter(1);
  bench.ok(bench.read(kVa), kPa);
}

KILBURN_TRAP("MERGE-LOST a request of a page whose walk is just done is answered too", kAll) {
  const unsigned latency = 2;
  for (const Op op : {Op::read, Op::fetch}) {
    for (unsigned delay = 0; delay <= 20; ++delay) {
      bench.restart();
      bench.set_timing({.min_latency = latency, .max_latency = latency});
      bench.map(kVa, kPa);
      const auto one = bench.issue({.va = kVa, .op = op});
      bench.idle(delay);
      const auto two = bench.issue({.va = kVa + 8, .op = op});
      bench.ok(bench.wait(one), kPa);
      bench.ok(bench.wait(two), kPa + 8);
    }
  }
}

KILBURN_TRAP("PORT-ID walks that share the memory port get their own answers", kAll) {
  const unsigned count = at_once(bench, 4);
  // A port that is seldom free, and answers in any order.
  bench.set_timing({.min_latency = 1, .max_latency = 9, .ready_percent = 40});
  for (u64 n = 0; n < 8; ++n) bench.map(apart(bench, n), kPa + (n * n + 1) * bench.page());
  for (unsigned round = 0; round < 12; ++round) {
    bench.invalidate(inv::ALL);
    Bench::Ticket tickets[4] = {};
    const auto page = [&](u64 n) { return (n + round) % 8; };
    for (u64 n = 0; n < count; ++n) tickets[n] = bench.issue({.va = apart(bench, page(n)), .op = Op::read});
    const auto fetch = bench.issue({.va = apart(bench, page(5)), .op = Op::fetch});
    for (u64 n = 0; n < count; ++n) bench.ok(bench.wait(tickets[n]), kPa + (page(n) * page(n) + 1) * bench.page());
    bench.ok(bench.wait(fetch), kPa + (page(5) * page(5) + 1) * bench.page());
  }
}

KILBURN_TRAP("HOLD a storm of invalidations does not keep a request unanswered", kAll) {
  // Rule R5: each operation is offered as soon as the one before is complete; every one meets the walk.
  constexpr unsigned kStorm = 100;
  bench.map(kVa, kPa);
  bench.set_timing({.min_latency = 3, .max_latency = 3});
  for (const unsigned op : {unsigned{inv::PAGE}, unsigned{inv::ALL}}) {
    const auto ticket = bench.issue({.va = kVa, .op = Op::read});
    unsigned operations = 0;
    while (!bench.answered(ticket) && operations < kStorm) {
      bench.invalidate(op, apart(bench, 1), 9);
      ++operations;
    }
    bench.that("answered within the storm", operations < kStorm);
    bench.ok(bench.wait(ticket), kPa);
    bench.invalidate(inv::ALL);
  }
}
