// SPDX-License-Identifier: Apache-2.0
//
// An Alpha MMU (OSF layout, EV5 superpages) with one command port and a Wishbone B4 classic master for its walks.
//
//   BUG  0: none; 1: a store that hits a page with fault-on-write is let through; 2: TBIS leaves data entries
//
// Instructions and data share a TLB of eight entries, each for one of the two.
// A command and its operands are held until `done` has been high for a clock, in which they are not looked at. There
// is one command at a time and no number on it. With `refill` a miss is reported, and software fills the TLB.

module bus_mmu #(
  parameter BUG = 0
) (
  input             clk,
  input             rst,     // active high, synchronous

  input      [2:0]  cmd,
  input      [63:0] addr,
  input      [63:0] pte,     // of the fills
  input      [11:0] asn,
  input             kernel,
  input             refill,
  input      [1:0]  spe,
  input      [31:0] ptbr,    // frame of the top table
  output reg        done,
  output reg [2:0]  fault,
  output reg [1:0]  level,   // of the entry that decided a walk's fault
  output reg [2:0]  region,  // 0 to 3: granularity hint; 4, 5: superpage of 30, 40 bits
  output reg        asm_bit,
  output reg [44:0] paddr,

  output reg        cyc_o,   // and STB
  output     [44:0] adr_o,
  input      [63:0] dat_i,
  input             ack_i,
  input             err_i
);
  localparam [2:0] NONE = 0, READ = 1, WRITE = 2, FETCH = 3, FILL_D = 4, FILL_I = 5, TBIS = 6, TBIA = 7;
  localparam [2:0] F_NONE = 0, F_ACV = 1, F_TNV = 2, F_FOR = 3, F_FOW = 4, F_FOE = 5, F_MISS = 6, F_BUS = 7;
  localparam ENTRIES = 8;
  localparam [1:0] LOOK = 0, WALK = 1, JUDGE = 2;
  localparam V = 0, FOR = 1, FOW = 2, FOE = 3, ASM = 4, GH = 5, KRE = 8, URE = 9, KWE = 12, UWE = 13, PFN = 32;

  // --- rights, in the order of the PALcode: enable, then fault-on ------------------------------------
  function enabled(input [63:0] e, input write, input k);
    enabled = write ? (k ? e[KWE] : e[UWE]) : (k ? e[KRE] : e[URE]);
  endfunction

  function [2:0] refusal(input [63:0] e, input [2:0] c, input k);
    if (!enabled(e, c == WRITE, k)) refusal = F_ACV;
    else if (c == READ && e[FOR]) refusal = F_FOR;
    else if (c == WRITE && e[FOW]) refusal = F_FOW;
    else if (c == FETCH && e[FOE]) refusal = F_FOE;
    else refusal = F_NONE;
  endfunction

  // Bits of a page number that a block of a granularity hint has in common
  function [31:0] common(input [1:0] hint);
    common = 32'hffffffff << (3 * hint);
  endfunction

  function [44:0] physical(input [63:0] e, input [63:0] va);
    physical = {(e[PFN+:32] & common(e[GH+:2])) | ({2'b0, va[42:13]} & ~common(e[GH+:2])), va[12:0]};
  endfunction

  // --- the TLB ----------------------------------------------------------------------------------------
  reg [ENTRIES-1:0] valid, for_fetch;
  reg [29:0] tag [0:ENTRIES-1];
  reg [11:0] owner [0:ENTRIES-1];
  reg [63:0] held [0:ENTRIES-1];
  reg [2:0]  oldest;

  wire side = cmd == FETCH || cmd == FILL_I;
  reg [ENTRIES-1:0] covers, same;  // entries for this address; those of this side
  reg [63:0] found;
  reg [2:0]  slot;
  integer n;
  always @* begin
    found = 64'd0;
    slot = oldest;
    for (n = ENTRIES - 1; n >= 0; n = n - 1) begin
      covers[n] = valid[n] && (({2'b0, tag[n]} ^ {2'b0, addr[42:13]}) & common(held[n][GH+:2])) == 32'd0
                  && (held[n][ASM] || owner[n] == asn);
      same[n] = covers[n] && for_fetch[n] == side;
      if (same[n]) found = held[n];
      if (!valid[n]) slot = n[2:0];
    end
    for (n = ENTRIES - 1; n >= 0; n = n - 1)
      if (same[n]) slot = n[2:0];
  end
  wire one = same != 0 && (same & (same - 1'b1)) == 0;

  task fill(input [63:0] e);
    begin
      valid <= (valid & ~same) | (8'd1 << slot);
      for_fetch[slot] <= side;
      tag[slot] <= addr[42:13];
      owner[slot] <= asn;
      held[slot] <= e;
      if (slot == oldest) oldest <= oldest + 3'd1;
    end
  endtask

  // --- answers ----------------------------------------------------------------------------------------
  task refuse(input [2:0] why, input [1:0] at);
    {done, fault, level, region, asm_bit, paddr} <= {1'b1, why, at, 3'd0, 1'b0, 45'd0};
  endtask

  task translate(input [63:0] e);
    {done, fault, level, region, asm_bit, paddr} <=
        {1'b1, F_NONE, 2'd0, 1'b0, e[GH+:2], e[ASM], physical(e, addr)};
  endtask

  wire sign_ok = &addr[63:42] || ~|addr[63:42];
  wire super40 = spe[1] && addr[42:41] == 2'b10;
  wire super30 = spe[0] && addr[42:30] == 13'h1ffe;
  wire [2:0] hit_refusal = (BUG == 1 && refusal(found, cmd, kernel) == F_FOW) ? F_NONE : refusal(found, cmd, kernel);

  // --- the state machine ------------------------------------------------------------------------------
  reg [1:0]  state, depth;
  reg [31:0] table_pfn;
  reg [63:0] word;
  assign adr_o = cyc_o ? {table_pfn, depth == 3 ? addr[42:33] : depth == 2 ? addr[32:23] : addr[22:13], 3'b000} : 45'd0;

  always @(posedge clk) begin
    done <= 1'b0;
    case (state)
      LOOK: if (!done) begin
        case (cmd)
          NONE: ;
          FILL_D, FILL_I: begin
            if (pte[V] && sign_ok) fill(pte);
            done <= 1'b1;
          end
          TBIS: begin
            if (sign_ok) valid <= valid & ~(BUG == 2 ? covers & for_fetch : covers);
            done <= 1'b1;
          end
          TBIA: begin
            valid <= 8'd0;
            done <= 1'b1;
          end
          default:
            if (!sign_ok) refuse(F_ACV, 2'd0);
            else if (super40 || super30) begin
              refuse(F_ACV, 2'd0);
              if (kernel) begin
                fault <= F_NONE;
                region <= super40 ? 3'd5 : 3'd4;
                asm_bit <= 1'b1;
                paddr <= super40 ? {5'd0, addr[39:0]} : {15'd0, addr[29:0]};
              end
            end
            else if (one && hit_refusal == F_NONE) translate(found);
            else if (one && refill) refuse(hit_refusal, 2'd0);
            else if (refill) refuse(F_MISS, 2'd0);
            else begin
              table_pfn <= ptbr;
              depth <= 2'd3;
              cyc_o <= 1'b1;
              state <= WALK;
            end
        endcase
      end
      WALK: if (ack_i || err_i) begin
        cyc_o <= 1'b0;
        word <= dat_i;
        state <= err_i ? LOOK : JUDGE;
        if (err_i) refuse(F_BUS, depth);
      end
      default: begin  // JUDGE
        state <= LOOK;
        if (depth != 1 && word[V]) begin
          table_pfn <= word[PFN+:32];
          depth <= depth - 2'd1;
          cyc_o <= 1'b1;
          state <= WALK;
        end else if (!word[V]) begin
          refuse((depth != 1 ? word[KRE] : enabled(word, cmd == WRITE, kernel)) ? F_TNV : F_ACV, depth);
        end else if (refusal(word, cmd, kernel) != F_NONE) begin
          refuse(refusal(word, cmd, kernel), depth);
        end else begin
          translate(word);
          fill(word);
        end
      end
    endcase
    if (rst) begin
      done <= 1'b0;
      cyc_o <= 1'b0;
      valid <= 8'd0;
      oldest <= 3'd0;
      state <= LOOK;
    end
  end
endmodule
