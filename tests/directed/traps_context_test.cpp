// SPDX-License-Identifier: Apache-2.0
//
// Trap T104: which context a request belongs to, when several are under way.
#include "tests/directed/entries.h"
#include "tests/directed/traps.h"

using namespace kilburn;
using namespace kilburn::directed;

namespace {
constexpr u64 kVa = 0x123'4568'0000;
constexpr u64 kPa = 0x5000'0000;
constexpr u64 kOther = 0x6a80'0000;
}  // namespace

KILBURN_TRAP("T104 a request keeps the context that it was accepted with", kAll) {
  const u64 second = kVa + bench.page();
  for (const Op op : {Op::read, Op::fetch}) {
    bench.restart();
    bench.set_timing({.min_latency = 4, .max_latency = 4});
    u64 roots[3];
    for (unsigned space = 0; space < 3; ++space) {
      bench.context.root = roots[space] = bench.new_table();
      bench.map(kVa, kPa + space * 0x10'0000);
      bench.map(second, kOther + space * 0x10'0000);
    }
    const auto enter = [&](unsigned space) {
      bench.context.root = roots[space];
      bench.context.asid = static_cast<u16>(space + 1);
    };
    enter(2);
    bench.ok(bench.access({.va = second, .op = op}), kOther + 0x20'0000);
    // The first walks; the second waits behind it; the context has gone on before either is answered.
    enter(0);
    const auto one = bench.issue({.va = kVa, .op = op});
    enter(1);
    const auto two = bench.issue({.va = second, .op = op});
    enter(2);
    bench.ok(bench.wait(one), kPa);
    bench.ok(bench.wait(two), kOther + 0x10'0000);
    // And nothing was cached under a number that it does not belong to.
    for (unsigned space = 0; space < 3; ++space) {
      enter(space);
      bench.ok(bench.access({.va = kVa, .op = op}), kPa + space * 0x10'0000);
      bench.ok(bench.access({.va = second, .op = op}), kOther + space * 0x10'0000);
    }
    // A request that waits for another's walk of its page is looked up once more: under its own number, not under
    // that of a space that has the page cached.
    enter(2);
    bench.ok(bench.access({.va = kVa, .op = op}), kPa + 0x20'0000);
    bench.invalidate(inv::ASID, 0, 1);
    enter(0);
    const auto first = bench.issue({.va = kVa, .op = op});
    const auto waits = bench.issue({.va = kVa + 8, .op = op});
    enter(2);
    bench.ok(bench.wait(first), kPa);
    bench.ok(bench.wait(waits), kPa + 8);
  }
  if (!bench.x86()) return;
  // Keys of a request that waits for another's walk of its page: denied when it was accepted, so denied.
  bench.restart();
  bench.set_timing({.min_latency = 4, .max_latency = 4});
  bench.context.controls = kPke;
  bench.map(kVa, kPa, kUserPage | key(8));
  const auto allowed = bench.issue({.va = kVa, .op = Op::read, .mode = Mode::user});
  bench.context.pkru = u32{1} << 16;
  const auto refused = bench.issue({.va = kVa + 8, .op = Op::read, .mode = Mode::user});
  bench.context.pkru = 0;
  bench.ok(bench.wait(allowed), kPa);
  bench.page_fault(bench.wait(refused), kErrP | kErrU | kErrPk, 1);
  // Controls and keys likewise.
  for (const bool denied : {true, false}) {
    bench.restart();
    bench.set_timing({.min_latency = 4, .max_latency = 4});
    bench.context.controls = kPke;
    bench.map(kVa, kPa, kUserPage);
    bench.map(second, kOther, kUserPage | key(8));
    const u32 deny = u32{1} << 16;
    const auto one = bench.issue({.va = kVa, .op = Op::read, .mode = Mode::user});
    bench.context.pkru = denied ? deny : 0;
    const auto two = bench.issue({.va = second, .op = Op::read, .mode = Mode::user});
    bench.context.pkru = denied ? 0 : deny;
    bench.ok(bench.wait(one), kPa);
    const Answer a = bench.wait(two);
    if (denied) {
      bench.page_fault(a, kErrP | kErrU | kErrPk, 1);
    } else {
      bench.ok(a, kOther);
    }
  }
}
