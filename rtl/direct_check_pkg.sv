// SPDX-License-Identifier: Apache-2.0
//
// What is decided from the address alone, before the TLB: the sign check and the Alpha superpages.

package direct_check_pkg;
  // Result word
  localparam int DIRECT = 0;  // 1: decided here
  localparam int FAULT = 1;   // 4
  localparam int SIZE = 5;    // 6
  localparam int PA = 11;     // 52
  localparam int BITS = 63;

  // Sign extension from the highest implemented bit (SDM 3.3.7.1, EV5 6.4.2, EV6 VA_CTL).
  function automatic logic sign_extended(input int format, input logic [63:42] va);
    if (format == mmu_pkg::FORMAT_ALPHA) begin
      sign_extended = (va[63:42] == '0) || (&va[63:42]);
    end else begin
      sign_extended = (va[63:47] == '0) || (&va[63:47]);
    end
  endfunction

  // Superpages are decoded after the sign check (trap T88) and only kernel mode may use them (T90).
  function automatic logic [BITS-1:0] alpha_check(input int format, input logic [63:0] va, input logic user,
                                                  input logic [2:0] spe);
    logic [51:0] pa;
    logic [5:0] size;
    pa = '0;
    size = 6'd0;
    if (format == mmu_pkg::FORMAT_ALPHA) begin
      if (spe[1] && va[42:41] == 2'b10) begin
        pa = {12'b0, va[39:0]};
        size = 6'd40;
      end else if (spe[0] && va[42:30] == 13'h1ffe) begin
        pa = {22'b0, va[29:0]};
        size = 6'd30;
      end
    end else begin
      if (spe[2] && va[47:46] == 2'b10) begin
        pa = {8'b0, va[43:0]};
        size = 6'd44;
      end else if (spe[1] && va[47:41] == 7'h7e) begin
        pa = {8'b0, {3{va[40]}}, va[40:0]};  // EV6: PA<43:41> copy PA<40> (trap T91)
        size = 6'd40;
      end else if (spe[0] && va[47:30] == 18'h3fffe) begin
        pa = {22'b0, va[29:0]};
        size = 6'd30;
      end
    end
    if (!sign_extended(format, va[63:42]) || (size != 0 && user)) begin
      alpha_check = {52'b0, 6'b0, mmu_pkg::FAULT_ACV, 1'b1};
    end else if (size != 0) begin
      alpha_check = {pa, size, mmu_pkg::FAULT_NONE, 1'b1};
    end else begin
      alpha_check = '0;
    end
  endfunction

  function automatic logic [BITS-1:0] check(input int format, input logic [63:0] va, input logic user,
                                            input logic [2:0] spe);
    if (format == mmu_pkg::FORMAT_X86_64) begin
      check = sign_extended(format, va[63:42]) ? '0 : {52'b0, 6'b0, mmu_pkg::FAULT_GP, 1'b1};
    end else begin
      check = alpha_check(format, va, user, spe);
    end
  endfunction
endpackage
