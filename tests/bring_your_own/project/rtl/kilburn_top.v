// SPDX-License-Identifier: Apache-2.0
//
// bus_mmu with the two pin names that the clocking of tb/dut/verilated_dut.h uses: `clk_i`, and `rst_ni`, active low.

module kilburn_top #(
  parameter BUG = 0
) (
  input         clk_i, rst_ni,
  input  [2:0]  cmd,
  input  [63:0] addr, pte,
  input  [11:0] asn,
  input         kernel, refill,
  input  [1:0]  spe,
  input  [31:0] ptbr,
  output        done,
  output [2:0]  fault, region,
  output [1:0]  level,
  output        asm_bit,
  output [44:0] paddr,
  output        cyc,
  output [44:0] adr,
  input  [63:0] dat,
  input         ack, err
);
  bus_mmu #(.BUG(BUG)) u_mmu (
    .clk(clk_i), .rst(!rst_ni), .cmd(cmd), .addr(addr), .pte(pte), .asn(asn), .kernel(kernel), .refill(refill), .spe(spe),
    .ptbr(ptbr), .done(done), .fault(fault), .level(level), .region(region), .asm_bit(asm_bit), .paddr(paddr),
    .cyc_o(cyc), .adr_o(adr), .dat_i(dat), .ack_i(ack), .err_i(err));
endmodule
