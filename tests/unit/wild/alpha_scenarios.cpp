// SPDX-License-Identifier: Apache-2.0
//
// Decisions of the Alpha formats, in the order of DEC's PALcode, and software refill (EV5 5.1, 6.4; EV6 M_CTL).
#include "tests/unit/wild/scenarios.h"

namespace kilburn::tb::test {
namespace {

constexpr u64 kFrame = 0x12340000;
// Kernel segment of 43 bits: VA<47:41> = 0x7E, sign extended.
constexpr u64 kSuperpage = 0xFFFF'FC00'0000'0000;

// A leaf of raw bits.
void leaf(Bench& b, u64 bits) { b.words[b.entry(kVa)] = bits; }

void fill(Bench& b, u8 op, u64 bits) {
  b.in.ctx_ctl |= kRefill;
  b.maintain(op, kVa, 1, b.word(kFrame, bits));
}

}  // namespace

std::vector<Scenario> alpha_scenarios() {
  return {
      {"T80",
       [](Bench& b) {
         leaf(b, 0);
         b.faults(b.read(kVa), kACV);
       }},
      {"T81",
       [](Bench& b) {
         b.entry(kVa);
         b.words[b.entry(kVa, 2)] = 0x1'0000'0000;
         b.faults(b.read(kVa), kACV);
       }},
      {"T82",
       [](Bench& b) {
         b.map(kVa, kFrame, kAlphaAll);
         b.words[b.entry(kVa, 2)] &= ~kKRE;
         b.gives(b.read(kVa), kFrame);
       }},
      {"T83",
       [](Bench& b) {
         leaf(b, 0x1'0000'0000);
         b.faults(b.read(kVa), kACV);
       }},
      {"T84",
       [](Bench& b) {
         leaf(b, (kAlphaAll & ~kV) | kFOR);
         b.faults(b.read(kVa), kTNV);
       }},
      {"T85",
       [](Bench& b) {
         leaf(b, (kAlphaAll & ~kKWE) | kFOW);
         b.faults(b.write(kVa), kACV);
       }},
      {"T86",
       [](Bench& b) {
         leaf(b, kAlphaAll | kFOE);
         b.faults(b.fetch(kVa), kFaultOnExecute);
       }},
      {"T87",
       [](Bench& b) {
         b.map(kVa, kFrame, kV | kKRE | kURE);
         b.gives(b.read(kVa, Mode::user), kFrame);
       }},
      {"T88",
       [](Bench& b) {
         b.map(kVa, kFrame, kAlphaAll);
         b.faults(b.read(kVa | u64{1} << 60), kACV);
       }},
      {"T90",
       [](Bench& b) {
         const unsigned bits = b.format == Format::alpha ? 43 : 48;
         b.map(kSuperpage & ((u64{1} << bits) - 1), kFrame, kAlphaAll);
         b.in.ctx_ctl |= kSpe1;
         b.faults(b.read(kSuperpage, Mode::user), kACV);
       }},
      {"T91",
       [](Bench& b) {
         b.in.ctx_ctl |= kSpe1;
         // EV6 SPE<1>: PA<43:41> are copies of VA<40>.
         b.gives(b.read(kSuperpage | u64{1} << 40 | 0x2000), 0xF00'0000'2000);
       }},
      {"T92",
       [](Bench& b) {
         const u64 block = kVa & ~(b.pages(8) - 1);
         const u64 frame = 0x4000'0000;
         for (u64 n = 0; n < 8; ++n) b.map(block + b.pages(n), frame, kAlphaAll | kGH1);
         b.gives(b.read(block + b.pages(3)), frame + b.pages(3));
       }},
      {"T96",
       [](Bench& b) {
         const u64 slot = b.map(kVa, kFrame, kAlphaAll);
         b.gives(b.read(kVa), kFrame);
         b.words[slot] = b.word(0x56780000, kAlphaAll);
         b.maintain(kPageD, kVa);
         b.gives(b.read(kVa), 0x56780000);
       }},
      {"T102",
       [](Bench& b) {
         leaf(b, kAlphaAll | kFOW);
         b.faults(b.write(kVa), kFaultOnWrite);
       }},
      {"REFILL-WALK",
       [](Bench& b) {
         b.in.ctx_ctl |= kRefill;
         b.map(kVa, kFrame, kAlphaAll);
         b.faults(b.read(kVa), kMISS);
       }},
      {"REFILL-RIGHTS",
       [](Bench& b) {
         fill(b, kFillD, kAlphaAll | kFOW);
         const kilburn_req_out r = b.write(kVa);
         b.expect(r.rsp_fault == kFaultOnWrite || r.rsp_fault == kMISS, "FOW, or a miss");
       }},
      {"FILL-INVALID",
       [](Bench& b) {
         fill(b, kFillD, kAlphaAll & ~kV);
         b.faults(b.read(kVa), kMISS);
       }},
      {"FILL-SIDE",
       [](Bench& b) {
         fill(b, kFillI, kAlphaAll);
         b.faults(b.read(kVa), kMISS);
       }},
  };
}

}  // namespace kilburn::tb::test
