// SPDX-License-Identifier: Apache-2.0
//
// Page tables in a DutBench's memory, written by the manuals' field positions, not by the model's accessors.
#pragma once

#include <cstdint>
#include <string>

#include "tests/unit/rtl/dut_bench.h"

namespace kilburn::rtl_test {

inline std::string library(const std::string& name) { return KILBURN_BINARY_DIR "/duts/kilburn_dut_" + name + ".so"; }

constexpr unsigned kKernel = 0;
constexpr unsigned kUser = 3;

// Controls (layout.def Controls): the CR0, CR4 and EFER bits by the names of the SDM, and the Alpha formats'
constexpr std::uint32_t kWp = 1, kNxe = 2, kSmep = 4, kSmap = 8, kPke = 0x10, kPks = 0x20, kPge = 0x40, kLa57 = 0x80;
constexpr std::uint32_t kRefill = 0x800, kPhys = 0x1000;

// Faults (layout.def Fault)
constexpr unsigned kNoFault = 0, kPf = 1, kGp = 2, kBus = 3, kMiss = 4, kTnv = 8, kAcv = 9, kFor = 10, kFoe = 11,
                   kFowFault = 12;

// Page-fault error code (SDM 4.7)
constexpr unsigned kErrP = 1, kErrW = 2, kErrU = 4, kErrRsvd = 8, kErrId = 0x10, kErrPk = 0x20;

// Configuration (layout.def Config)
constexpr std::uint32_t kPage1g = 0x40, kAmd = 0x80, kVms = 0x100, kEv4 = 0, kEv5 = 0x200, kEv6 = 0x400;

// x86-64 entry bits (SDM tables 4-15 to 4-20)
constexpr std::uint64_t kP = 1, kRw = 2, kUs = 4, kA = 0x20, kD = 0x40, kPs = 0x80, kG = 0x100;
constexpr std::uint64_t kNx = 1ull << 63;
constexpr std::uint64_t kUserTable = kP | kRw | kUs;

// Alpha entry bits, OSF layout (EV5 figure 5-2)
constexpr std::uint64_t kV = 1, kForBit = 2, kFow = 4, kFoeBit = 8, kAsm = 0x10, kAllRights = 0x3300;

// Tables for one region: `levels` tables at kRoot, kRoot + kStep ..., each one's entry 0 the next.
constexpr std::uint64_t kRoot = 0x100000;
constexpr std::uint64_t kStep = 0x10000;

inline std::uint64_t table(unsigned number) { return kRoot + number * kStep; }

// Entry 0 of every table above the last points to the next; all rights, A clear.
inline void x86_tables(DutBench& bench, unsigned levels = 4) {
  bench.in.ctx_root = kRoot;
  for (unsigned n = 0; n + 1 < levels; ++n) bench.memory[table(n)] = table(n + 1) | kUserTable;
}

// All bits set, so that no compare-and-swap is in the way: pages 0 to 511 of one table, frames at 1 GB.
inline void x86_pages(DutBench& bench) {
  x86_tables(bench);
  for (unsigned n = 0; n < 3; ++n) bench.memory[table(n)] |= kA;
  for (std::uint64_t page = 0; page < 512; ++page) {
    bench.memory[table(3) + 8 * page] = (0x40000000 + (page << 12)) | kUserTable | kA | kD;
  }
}

// Cycles from the one in which a user's load is taken to the one that shows its response.
inline std::uint64_t latency(DutBench& bench, std::uint64_t va) {
  const auto start = bench.cycle;
  bench.request_d(va, false, kUser);
  while (bench.out.d.rsp_valid == 0) bench.clock();
  const auto cycles = bench.cycle - start;
  bench.clock();
  return cycles;
}

inline std::uint64_t alpha_pte(const DutBench& bench, std::uint64_t address, std::uint64_t bits) {
  return (address >> (bench.api().config.format == 1 ? 13 : 12)) << 32 | bits;
}

inline void alpha_tables(DutBench& bench) {
  bench.in.ctx_root = kRoot;
  const unsigned levels = bench.api().config.format == 1 ? 3 : 4;
  for (unsigned n = 0; n + 1 < levels; ++n) bench.memory[table(n)] = alpha_pte(bench, table(n + 1), kV);
}

}  // namespace kilburn::rtl_test
