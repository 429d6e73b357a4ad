// SPDX-License-Identifier: Apache-2.0
//
// Protocol and liveness (rtl/README.md R2, R3, R5, R6, R9): most are seen by the watch on the pins.
#include "tests/unit/wild/scenarios.h"

namespace kilburn::tb::test {
namespace {

constexpr u64 kFrame = 0x12340000;
constexpr unsigned kPages = 24;

u64 va_of(const Bench& b, u64 n) { return kVa + b.pages(n); }

void map_pages(Bench& b) {
  for (u64 n = 0; n < kPages; ++n) b.map(va_of(b, n), kFrame + b.pages(n), b.all());
}

// Rounds of requests two at a time, with answers by id.
void pairs(Bench& b) {
  map_pages(b);
  b.latency = 5;
  for (u64 n = 0; n < 4 * kPages && b.wrong.empty(); ++n) {
    const u64 one = n % kPages, two = (n * 7 + 3) % kPages;
    const u8 first = b.ask(kData, {va_of(b, one)});
    const u8 second = b.ask(kData, {va_of(b, two)});
    b.gives(b.answer(kData, first), kFrame + b.pages(one), "the answer to the first");
    b.gives(b.answer(kData, second), kFrame + b.pages(two), "the answer to the second");
    if (n % 8 == 7) b.maintain(kAll);
  }
}

// Responses that are left waiting.
void reluctant(Bench& b) {
  map_pages(b);
  for (u64 n = 0; n < kPages; ++n) {
    b.in.d.rsp_ready = 0;
    const u8 id = b.ask(kData, {va_of(b, n)});
    b.until([&] { return b.out.d.rsp_valid != 0; });
    b.clock(6);
    b.in.d.rsp_ready = 1;
    b.gives(b.answer(kData, id), kFrame + b.pages(n));
  }
}

}  // namespace

std::vector<Scenario> protocol_scenarios() {
  return {
      {"T15",
       [](Bench& b) {
         b.broken = b.map(kVa, kFrame, b.all());
         b.faults(b.read(kVa), kBUS);
       }},
      {"T76",
       [](Bench& b) {
         map_pages(b);
         for (u64 n = 0; n < kPages && b.wrong.empty(); ++n) {
           const u8 data = b.ask(kData, {va_of(b, 1000 + n)});
           for (u64 k = 0; k < 24; ++k) b.fetch(va_of(b, (n * 24 + k) % 500));
           b.faults(b.answer(kData, data), kPF, 0);
         }
       }},
      {"T77",
       [](Bench& b) {
         for (unsigned n = 0; n < 8; ++n) b.maintain(kAll);
       }},
      {"LOST", pairs},
      {"CASLOOP",
       [](Bench& b) {
         const u64 leaf = b.map(kVa, kFrame, kP | kRW);
         bool changed = false;
         b.before = [&](u64 pa, bool swap) {
           if (swap && pa == leaf && !std::exchange(changed, true)) b.words[leaf] |= kUS;
         };
         b.gives(b.read(kVa), kFrame);
       }},
      {"NOACK", [](Bench& b) { b.maintain(kAll); }},
      {"DUPLICATE", pairs},
      {"WITHDRAWN", reluctant},
      {"UNSTABLE", reluctant},
      {"SWAP-ID", pairs},
      {"MEM-ID", pairs},
  };
}

}  // namespace kilburn::tb::test
