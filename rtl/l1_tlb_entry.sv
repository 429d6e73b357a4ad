// SPDX-License-Identifier: Apache-2.0
//
// The registers of one L1 TLB entry: ternary key and mask, data word. They change only with `write_i`.
//
// Whether the entry is valid stands in the TLB (mmu_side.sv), because many may become invalid in one cycle.

module l1_tlb_entry (
  input  logic clk_i,
  input  logic write_i,
  input  logic [tlb_entry_pkg::KEY_BITS-1:0] key_i,
  input  logic [tlb_entry_pkg::KEY_BITS-1:0] mask_i,
  input  logic [tlb_entry_pkg::DATA_BITS-1:0] data_i,
  output logic [tlb_entry_pkg::KEY_BITS-1:0] key_o,
  output logic [tlb_entry_pkg::KEY_BITS-1:0] mask_o,
  output logic [tlb_entry_pkg::DATA_BITS-1:0] data_o
);
  logic [tlb_entry_pkg::KEY_BITS-1:0] key_q, mask_q;
  logic [tlb_entry_pkg::DATA_BITS-1:0] data_q;
  assign key_o = key_q;
  assign mask_o = mask_q;
  assign data_o = data_q;

  always_ff @(posedge clk_i) begin : p_entry
    if (write_i) begin
      key_q <= key_i;
      mask_q <= mask_i;
      data_q <= data_i;
    end
  end
endmodule
