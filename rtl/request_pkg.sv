// SPDX-License-Identifier: Apache-2.0
//
// The stored form of a missed request with its context, and choices among the places that hold them.
//
// The ring is the data side's miss file in order, then the instruction side's.

package request_pkg;
  localparam int VA = 0;          // 57: the bits above are copies of the highest
  localparam int ASID = 57;       // 12
  localparam int CTL = 69;        // 8: mmu_pkg::CTL_*, those that a walk looks at
  localparam int MODE = 77;       // 2
  localparam int WRITE = 79;      // 1
  localparam int IMPLICIT = 80;   // 1
  localparam int AC = 81;         // 1
  localparam int ROOT = 82;       // 40: physical address bits 51:12
  localparam int PKRU = 122;      // 32
  localparam int PKRS = 154;      // 32
  localparam int ID = 186;        // 4
  localparam int BITS = 190;

  localparam int MAX_RING = 16;

  // The lowest bit that is set, as its number; 0 if none is.
  function automatic logic [3:0] lowest(input logic [MAX_RING-1:0] set);
    logic [MAX_RING-1:0] one;
    one = set & (~set + 16'd1);
    lowest = {|(one & 16'hff00), |(one & 16'hf0f0), |(one & 16'hcccc), |(one & 16'haaaa)};
  endfunction

  // The next bit that is set in cyclic order after place `last`, itself last.
  function automatic logic [3:0] next_after(input logic [MAX_RING-1:0] set, input logic [3:0] last);
    logic [MAX_RING-1:0] above;
    above = set & (16'hfffe << last);
    next_after = lowest((above != '0) ? above : set);
  endfunction
endpackage
