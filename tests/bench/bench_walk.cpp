// SPDX-License-Identifier: Apache-2.0
//
// The architectural walk with every rule against a plain loop that checks what any page-table walker must (the floor):
// address form, presence, reserved bits, rights accumulated over the levels and checked for the access, A and D; it
// gives address, rights or fault.
#include <vector>

#include "model/arch/walk.h"
#include "tests/bench/compare.h"

namespace kilburn::bench {
namespace {

using arch::u32;
using arch::u64;
using arch::u8;

constexpr unsigned kWalks = 65536;

// Tables for `pages` consecutive pages from va 0, every level filled by hand.
struct Tables {
  std::vector<u64> words;
  u64 root = 0;

  Tables(arch::Format format, unsigned pages) {
    const auto f = arch::info(format);
    const u64 table_words = u64{1} << f.index_bits;
    u64 next = 0;
    auto new_table = [&] {
      words.resize(words.size() + table_words);
      return next++ * table_words * 8;
    };
    auto link = [&](u64 pa) {
      if (format == arch::Format::x86_64) return pa | 0x67;  // P RW US A D
      return (pa >> f.page_shift) << 32 | 0x3301u;           // V KRE URE KWE UWE
    };
    root = new_table();
    for (u64 page = 0; page < pages; ++page) {
      u64 table = root;
      const u64 va = page << f.page_shift;
      for (unsigned level = f.levels; level > 1; --level) {
        const u64 at = arch::entry_address(f, table, va, level) / 8;
        if (words[at] == 0) {
          const u64 below = new_table();
          words[at] = link(below);
        }
        table = format == arch::Format::x86_64 ? words[at] & 0xffffffffff000 : (words[at] >> 32) << f.page_shift;
      }
      words[arch::entry_address(f, table, va, 1) / 8] = link((page + 1024) << f.page_shift);
    }
  }
  std::optional<u64> operator()(u64 pa) const {
    if (pa / 8 >= words.size()) return std::nullopt;
    return words[pa / 8];
  }
};

// Addresses in an order that the prefetcher does not guess.
std::vector<u64> addresses(arch::Format format, unsigned pages) {
  std::vector<u64> list(kWalks);
  u64 x = 1;
  for (auto& va : list) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    va = ((x >> 40) % pages) << arch::info(format).page_shift | (x >> 20 & 0xff8);
  }
  return list;
}

struct Plain {
  u64 pa;
  u64 rights;  // W, U of every level, NX of any, D
  u8 fault;    // 0 none, 1 page fault, 2 address, 3 bus, 4 an update is due
  u8 error;
};

// Controls as in layout.def: WP 1, NXE 2, SMEP 4, SMAP 8.
[[gnu::always_inline]] inline Plain plain_x86_64(const Tables& tables, u64 root, u32 controls, u64 va, arch::Op op,
                                                 bool user, bool ac) {
  const u8 access = static_cast<u8>((op == arch::Op::write ? 2 : 0) | (user ? 4 : 0) |
                                    (op == arch::Op::fetch && (controls & 6) != 0 ? 16 : 0));
  const auto page_fault = [&](unsigned cause) { return Plain{0, 0, 1, static_cast<u8>(access | cause)}; };
  if (static_cast<u64>(static_cast<std::int64_t>(va << 16) >> 16) != va) return {0, 0, 2, 0};
  const u64 reserved = u64{0xfff} << 40 | ((controls & 2) != 0 ? 0 : u64{1} << 63);
  u64 every = 6, any = 0, table = root, entry;
  unsigned shift = 39;
  for (;; shift -= 9) {
    const auto word = tables(table + 8 * (va >> shift & 511));
    if (!word) return {0, 0, 3, 0};
    entry = *word;
    if ((entry & 1) == 0) return page_fault(0);
    if ((entry & reserved) != 0) return page_fault(9);
    every &= entry;
    any |= entry;
    if (shift == 12) break;
    if ((entry & 0x80) != 0) {
      if (shift == 39 || (entry & ((u64{1} << shift) - 1) & 0xfffffffffe000) != 0) return page_fault(9);
      break;
    }
    if ((entry & 0x20) == 0) return {0, 0, 4, 0};
    table = entry & 0xffffffffff000;
  }
  const bool w = (every & 2) != 0, u = (every & 4) != 0, nx = any >> 63 != 0;
  bool denied;
  if (user) {
    denied = !u || (op == arch::Op::write && !w) || (op == arch::Op::fetch && nx);
  } else if (op == arch::Op::fetch) {
    denied = nx || (u && (controls & 4) != 0);
  } else {
    denied = (u && (controls & 8) != 0 && !ac) || (op == arch::Op::write && !w && (controls & 1) != 0);
  }
  if (denied) return page_fault(1);
  const u64 due = op == arch::Op::write ? 0x60 : 0x20;
  if ((entry & due) != due) return {0, 0, 4, 0};
  const u64 offset = (u64{1} << shift) - 1;
  return {(entry & 0xffffffffff000 & ~offset) | (va & offset), every | (any & u64{1} << 63) | (entry & 0x40), 0, 0};
}

template <arch::Format kFormat>
[[gnu::always_inline]] inline Plain plain_alpha(const Tables& tables, u64 root, u64 va, arch::Op op, bool user) {
  constexpr auto f = arch::info(kFormat);
  constexpr unsigned kUnused = 64 - f.va_bits;
  if (static_cast<u64>(static_cast<std::int64_t>(va << kUnused) >> kUnused) != va) return {0, 0, 2, 0};
  u64 table = root;
  for (unsigned level = f.levels;; --level) {
    const auto word = tables(arch::entry_address(f, table, va, level));
    if (!word) return {0, 0, 3, 0};
    const u64 entry = *word;
    if (level > 1) {
      if ((entry & 1) == 0) return {0, 0, 1, static_cast<u8>((entry & 0x100) != 0 ? 0 : 1)};
      table = (entry >> 32) << f.page_shift;
      continue;
    }
    const unsigned enable = (op == arch::Op::write ? 12 : 8) + (user ? 1 : 0);
    const bool ok = (entry >> enable & 1) != 0;
    if ((entry & 1) == 0) return {0, 0, 1, static_cast<u8>(ok ? 0 : 1)};
    if (!ok) return {0, 0, 1, 1};
    const unsigned fault_on = op == arch::Op::read ? 1 : op == arch::Op::write ? 2 : 3;
    if ((entry >> fault_on & 1) != 0) return {0, 0, 1, static_cast<u8>(fault_on + 1)};
    const u64 offset = (u64{1} << (f.page_shift + 3 * (entry >> 5 & 3))) - 1;
    return {((entry >> 32) << f.page_shift & ~offset) | (va & offset), entry & 0xffff, 0, 0};
  }
}

template <arch::Format kFormat>
Plain plain(const Tables& tables, const arch::Context& context, const arch::Request& request) {
  const bool user = request.mode != arch::Mode::kernel;
  if constexpr (kFormat == arch::Format::x86_64) {
    return plain_x86_64(tables, context.root, context.controls, request.va, request.op, user, request.ac);
  } else {
    return plain_alpha<kFormat>(tables, context.root, request.va, request.op, user);
  }
}

// Argument 0: pages; 4096 stay in the first-level cache with their tables, 65536 have 512 KB of last-level entries.
// Argument 1: 0 translate(), 1 walk() with its record of entries and writes.
template <arch::Format kFormat>
void walk(benchmark::State& state) {
  const auto pages = static_cast<unsigned>(state.range(0));
  const bool recorded = state.range(1) != 0;
  const Tables tables(kFormat, pages);
  const auto list = addresses(kFormat, pages);
  // Nothing about the access or the processor is known when the loops are compiled.
  arch::Settings settings;
  arch::Context context{.root = tables.root, .asid = 1, .controls = kFormat == arch::Format::x86_64 ? 0x7fu : 0u};
  arch::Request kind{.op = arch::Op::read, .mode = arch::Mode::user};
  benchmark::DoNotOptimize(settings);
  benchmark::DoNotOptimize(context);
  benchmark::DoNotOptimize(kind);
  u64 floor_sum = 0, sum = 0;
  const auto floor = [&] {
    floor_sum = 0;
    for (const u64 va : list) {
      arch::Request request = kind;
      request.va = va;
      const Plain got = plain<kFormat>(tables, context, request);
      benchmark::DoNotOptimize(got);  // all of it is wanted, not only the address
      if (got.fault == 0) floor_sum += got.pa;
    }
    benchmark::DoNotOptimize(floor_sum);
  };
  const auto subject = [&](auto call) {
    sum = 0;
    for (const u64 va : list) {
      arch::Request request = kind;
      request.va = va;
      const auto got = call(request);
      benchmark::DoNotOptimize(got);
      if (got.fault.code == arch::Fault::none) sum += got.pa;
    }
    benchmark::DoNotOptimize(sum);
  };
  if (recorded) {
    against_floor(state, kWalks, floor, [&] {
      subject([&](const arch::Request& request) { return arch::walk(kFormat, settings, context, request, tables); });
    });
  } else {
    against_floor(state, kWalks, floor, [&] {
      subject([&](const arch::Request& r) { return arch::translate(kFormat, settings, context, r, tables); });
    });
  }
  if (sum != floor_sum) state.SkipWithError("the walk and the plain loop disagree");
}

void shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"pages", "recorded"})->ArgsProduct({{4096, 65536}, {0, 1}})->Unit(benchmark::kMillisecond);
}
BENCHMARK_TEMPLATE(walk, arch::Format::x86_64)->Apply(shapes);
BENCHMARK_TEMPLATE(walk, arch::Format::alpha)->Apply(shapes);
BENCHMARK_TEMPLATE(walk, arch::Format::alpha_x64)->Apply(shapes);

}  // namespace
}  // namespace kilburn::bench
