// SPDX-License-Identifier: Apache-2.0
//
// What is decided from the address alone, before the TLB: translation off, the sign check, and the Alpha
// superpages.

package direct_check_pkg;
  // Result word
  localparam int DIRECT = 0;  // 1: decided here
  localparam int FAULT = 1;   // 4
  localparam int SIZE = 5;    // 6
  localparam int PA = 11;     // 52
  localparam int BITS = 63;

  // Sign extension from the highest implemented bit (SDM 3.3.7.1, EV5 6.4.2, EV6 VA_CTL); `la57` is x86-64's.
  function automatic logic sign_extended(input int format, input logic [63:42] va, input logic la57);
    if (format == mmu_pkg::FORMAT_ALPHA) begin
      sign_extended = (va[63:42] == '0) || (&va[63:42]);
    end else if (format == mmu_pkg::FORMAT_X86_64 && la57) begin
      sign_extended = (va[63:56] == '0) || (&va[63:56]);
    end else begin
      sign_extended = (va[63:47] == '0) || (&va[63:47]);
    end
  endfunction

  // The response of translation off: the low `width` bits of the address.
  function automatic logic [BITS-1:0] physical(input logic [51:0] va, input logic [5:0] width);
    logic [51:0] pa;
    pa = va & ~(~52'd0 << width);
    physical = {pa, width, mmu_pkg::FAULT_NONE, 1'b1};
  endfunction

  // Superpages are decoded after the sign check (trap T88) and only kernel mode may use them (T90).
  function automatic logic [BITS-1:0] alpha_check(input int format, input logic [63:0] va, input logic [1:0] mode,
                                                  input logic [2:0] spe, input logic [1:0] chip);
    logic [51:0] pa;
    logic [5:0] size;
    pa = '0;
    size = 6'd0;
    if (spe[1] && va[47:41] == 7'h7e) begin
      if (chip == mmu_pkg::CHIP_EV6) begin
        pa = {8'b0, {3{va[40]}}, va[40:0]};  // EV6: PA<43:41> copy PA<40> (trap T91)
        size = 6'd40;
      end else if (chip == mmu_pkg::CHIP_EV5) begin
        pa = {12'b0, va[39:0]};
        size = 6'd40;
      end else begin
        pa = {18'b0, va[33:0]};
        size = 6'd34;
      end
    end else if (spe[0] && va[47:30] == 18'h3fffe) begin
      pa = {22'b0, va[29:0]};
      size = 6'd30;
    end else if (spe[2] && va[47:46] == 2'b10 && chip == mmu_pkg::CHIP_EV6) begin
      pa = {8'b0, va[43:0]};
      size = 6'd44;
    end
    if (!sign_extended(format, va[63:42], 1'b0) || (size != 0 && mode != mmu_pkg::MODE_KERNEL)) begin
      alpha_check = {52'b0, 6'b0, mmu_pkg::FAULT_ACV, 1'b1};
    end else if (size != 0) begin
      alpha_check = {pa, size, mmu_pkg::FAULT_NONE, 1'b1};
    end else begin
      alpha_check = '0;
    end
  endfunction

  function automatic logic [BITS-1:0] check(input int format, input logic [63:0] va, input logic [1:0] mode,
                                            input logic [12:0] ctl, input logic [5:0] pa_width,
                                            input logic [1:0] chip);
    if (ctl[mmu_pkg::CTL_PHYS]) begin
      // Translation off goes before the sign check.
      check = physical(va[51:0], (format == mmu_pkg::FORMAT_X86_64) ? pa_width
                                 : (format == mmu_pkg::FORMAT_ALPHA) ? 6'd45
                                                                     : 6'd44);
    end else if (format == mmu_pkg::FORMAT_X86_64) begin
      check = sign_extended(format, va[63:42], ctl[mmu_pkg::CTL_LA57]) ? '0 : {52'b0, 6'b0, mmu_pkg::FAULT_GP, 1'b1};
    end else begin
      check = alpha_check(format, va, mode, ctl[mmu_pkg::CTL_SPE_MSB:mmu_pkg::CTL_SPE_LSB], chip);
    end
  endfunction
endpackage
