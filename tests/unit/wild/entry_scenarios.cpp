// SPDX-License-Identifier: Apache-2.0
//
// x86-64: entries, rights and error codes (SDM 4.5 to 4.7). Error code bits: P 1, W 2, U 4, RSVD 8, I/D 16, PK 32.
#include "tests/unit/wild/scenarios.h"

namespace kilburn::tb::test {
namespace {

constexpr u64 kFrame = 0x12345000;
constexpr u64 kBig = 0x4000'0000;  // a 1 GB boundary

void reserved_leaf(Bench& b) {
  b.map(kVa, kFrame, kUsed | kRsvd);
  b.faults(b.read(kVa), kPF, 9);
  b.faults(b.read(kVa), kPF, 9);  // and is not installed (T13)
}
void large_top(Bench& b) {
  b.map(kVa, kFrame, kUsed);
  b.words[b.entry(kVa, 4)] |= kPS;
  b.faults(b.read(kVa), kPF, 9);
}
void low_bits(Bench& b, unsigned level) {
  b.map(kBig, kBig | u64{1} << 15, kUsed | kPS, level);
  b.faults(b.read(kBig), kPF, 9);
}
void upper(Bench& b, u64 bits) {
  b.map(kVa, kFrame, kUsed);
  b.words[b.entry(kVa, 3)] |= bits;
  b.faults(b.read(kVa), kPF, 9);
}
// A page whose key is 3; user accesses with PKRU as given.
void key_page(Bench& b, u64 bits, u32 pkru) {
  b.in.ctx_ctl |= kPKE;
  b.in.ctx_pkru = pkru;
  b.map(kVa, kFrame, bits | u64{3} << 59);
}
constexpr u32 kAccess3 = 1 << 6, kWrite3 = 2 << 6;

}  // namespace

std::vector<Scenario> entry_scenarios() {
  return {
      {"T01", reserved_leaf},
      {"T02", large_top},
      {"T03", [](Bench& b) { low_bits(b, 3); }},
      {"T04", [](Bench& b) { low_bits(b, 2); }},
      {"T05",
       [](Bench& b) {
         b.reset(40);  // no PAGE1G
         b.map(kBig, kBig, kUsed | kPS, 3);
         b.faults(b.read(kBig), kPF, 9);
       }},
      {"T06",
       [](Bench& b) {
         b.in.ctx_ctl &= ~kNXE;
         b.map(kVa, kFrame, kUsed | kNX);
         b.faults(b.read(kVa), kPF, 9);
       }},
      {"T07",
       [](Bench& b) {
         b.map(kVa, kFrame, kRsvd);
         b.faults(b.read(kVa), kPF, 0);
       }},
      {"T08",
       [](Bench& b) {
         b.map(kVa, kFrame, 0);
         b.words[b.entry(kVa, 4)] |= kRsvd;
         b.faults(b.read(kVa), kPF, 9);
       }},
      {"T09", [](Bench& b) { upper(b, kRsvd); }},
      {"T10",
       [](Bench& b) {
         b.map(kVa, kFrame, kUsed);  // bit 12 of the frame is set, PAT is not
         b.expect(b.read(kVa).rsp_mt == 0, "memory type");
       }},
      {"T11",
       [](Bench& b) {
         b.map(kVa, kFrame, kUsed);
         b.words[b.entry(kVa, 3)] |= kNX;
         b.faults(b.fetch(kVa), kPF, 0x11);
       }},
      {"T12-W",
       [](Bench& b) {
         b.map(kVa, kFrame, kUsed | kD);
         b.words[b.entry(kVa, 2)] &= ~kRW;
         b.faults(b.write(kVa, Mode::user), kPF, 7);
       }},
      {"T12-U",
       [](Bench& b) {
         b.map(kVa, kFrame, kUsed);
         b.words[b.entry(kVa, 3)] &= ~kUS;
         b.faults(b.read(kVa, Mode::user), kPF, 5);
       }},
      {"T13-FILL", reserved_leaf},
      {"T14",
       [](Bench& b) {
         b.map(kVa, kFrame, kUsed | kRsvd);
         b.faults(b.fetch(kVa), kPF, 0x19);
       }},
      {"T16",
       [](Bench& b) {
         b.map(kVa, u64{1} << 38, kUsed);
         b.gives(b.read(kVa), u64{1} << 38);
       }},
      {"T16-LA57",
       [](Bench& b) {
         b.in.ctx_ctl |= kLA57;
         b.map(kVa | u64{1} << 50, kFrame, kUsed);
         b.gives(b.read(kVa | u64{1} << 50), kFrame);
       }},
      {"NORSVD", reserved_leaf},
      {"T20",
       [](Bench& b) {
         b.in.ctx_ctl &= ~kNXE;
         b.faults(b.fetch(kVa), kPF, 0);
       }},
      {"IBEX2314", [](Bench& b) { b.faults(b.fetch(kVa), kPF, 0x10); }},
      {"T21",
       [](Bench& b) {
         key_page(b, kP | kUS | kA, kWrite3);
         b.faults(b.write(kVa, Mode::user), kPF, 0x27);
       }},
      {"T22",
       [](Bench& b) {
         key_page(b, kUsed, kAccess3);
         b.gives(b.fetch(kVa, Mode::user), kFrame);
       }},
      {"T23",
       [](Bench& b) {
         key_page(b, kUsed, 1 << 10);
         b.words[b.entry(kVa, 2)] |= u64{5} << 59;
         b.gives(b.read(kVa, Mode::user), kFrame);
       }},
      {"T24",
       [](Bench& b) {
         b.in.ctx_ctl &= ~kWP;
         key_page(b, kUsed | kD, kWrite3);
         b.gives(b.write(kVa), kFrame);
       }},
      {"T25",
       [](Bench& b) {
         key_page(b, kP | kRW | kA, kAccess3);
         b.gives(b.read(kVa), kFrame);
       }},
      {"T26",
       [](Bench& b) {
         b.in.ctx_ctl |= kSMAP;
         b.map(kVa, kFrame, kUsed);
         b.faults(b.translate(kData, {kVa, false, Mode::user, true, true}), kPF, 1);
       }},
      {"T27",
       [](Bench& b) {
         b.in.ctx_ctl = (b.in.ctx_ctl | kSMAP) & ~kWP;
         b.map(kVa, kFrame, kUsed);
         b.faults(b.write(kVa), kPF, 3);
       }},
      {"T28",
       [](Bench& b) {
         b.map(kVa, kFrame, kUsed);
         b.gives(b.fetch(kVa), kFrame);
         b.in.ctx_ctl |= kSMEP;
         b.faults(b.fetch(kVa), kPF, 0x11);
       }},
      {"T29",
       [](Bench& b) {
         b.map(kVa, kFrame, (kUsed | kD) & ~kRW);
         b.in.ctx_ctl &= ~kWP;
         b.gives(b.write(kVa), kFrame);
         b.in.ctx_ctl |= kWP;
         b.faults(b.write(kVa), kPF, 3);
       }},
      {"T31",
       [](Bench& b) {
         b.map(kVa, kFrame, kUsed & ~kUS);
         b.faults(b.read(kVa, Mode::user), kPF, 5);
       }},
      {"T33",
       [](Bench& b) {
         b.map(kVa, kFrame, kUsed);
         b.faults(b.read(kVa | u64{1} << 60), kGP);
       }},
      {"T33-LA57",
       [](Bench& b) {
         b.in.ctx_ctl |= kLA57;
         b.map(kVa | u64{1} << 50, kFrame, kUsed);
         b.gives(b.read(kVa | u64{1} << 50), kFrame);
       }},
      {"CVA3404",
       [](Bench& b) {
         const u8 id = b.ask(kData, {kVa | u64{1} << 60});
         b.in.d.va = kVa;
         b.faults(b.answer(kData, id), kGP);
       }},
      {"CVA3426",
       [](Bench& b) {
         b.map(kVa, kFrame, kUsed & ~kRW);
         b.gives(b.read(kVa, Mode::user), kFrame);
         b.faults(b.write(kVa, Mode::user), kPF, 7);
       }},
      {"CVW1538",
       [](Bench& b) {
         b.faults(b.write(kVa, Mode::user), kPF, 6);
         b.faults(b.read(kVa), kPF, 0);
       }},
      {"XS6606",
       [](Bench& b) {
         b.map(kVa, kFrame, kUsed);
         for (unsigned n = 0; n < 1000; ++n) b.gives(b.read(kVa), kFrame);
       }},
      {"T78",
       [](Bench& b) {
         b.map(kBig, kBig, kUsed | kPS, 2);
         b.expect(b.read(kBig + 0x5000).rsp_size == 21, "size");
         b.expect(b.read(kBig + 0x5000).rsp_size == 21, "size");
       }},
  };
}

}  // namespace kilburn::tb::test
