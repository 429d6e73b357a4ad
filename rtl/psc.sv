// SPDX-License-Identifier: Apache-2.0
//
// Paging-structure cache of one level: where the entries of that level lead to, by address prefix and address space.
//
//   Format   page-table format (mmu_pkg::FORMAT_*)
//   Level    2 (the one above the last) to the format's highest
//   Entries  a power of two up to 64
//   Policy   replacement (replacement_pkg)

module psc #(
  parameter int Format = mmu_pkg::FORMAT_X86_64,
  parameter int Level = 2,
  parameter int Entries = 16,
  parameter int Policy = 0
) (
  input  logic        clk_i,
  input  logic        rst_ni,

  // Lookup for the start of a walk; `touch_i`: its entry is used
  input  logic        lookup_i,
  input  logic [56:12] lookup_va_i,
  input  logic [11:0] lookup_asid_i,
  input  logic        touch_i,
  output logic        hit_o,
  output logic [51:12] table_o,
  output logic [2:0]  rights_o,  // x86-64: NX U W, accumulated through this level

  // Something below changes the cache
  input  logic        change_i,
  // A walk at `fill_level_i`: fills the cache of its level; or drops its entries after a page fault
  input  logic        fill_i,
  input  logic [2:0]  fill_level_i,
  input  logic        fault_clear_i,
  input  logic [56:12] walk_va_i,
  input  logic [11:0] walk_asid_i,
  input  logic [51:12] fill_table_i,
  input  logic [2:0]  fill_rights_i,

  // Maintenance: everything, or one address space
  input  logic        inv_all_i,
  input  logic        inv_asid_match_i,
  input  logic [11:0] inv_asid_i
);
  localparam int VaBits = (Format == mmu_pkg::FORMAT_X86_64) ? 57 : (Format == mmu_pkg::FORMAT_ALPHA) ? 43 : 48;
  localparam int Span = (Format == mmu_pkg::FORMAT_ALPHA) ? 13 + 10 * (Level - 1) : 12 + 9 * (Level - 1);
  localparam int KeyBits = VaBits - Span + 12;  // {ASID, prefix}
  localparam int Levels = $clog2(Entries);
  localparam int IndexBits = (Levels == 0) ? 1 : Levels;

  logic [Entries-1:0] valid_q;
  logic [63:0]        replace_q;
  logic [KeyBits-1:0] key_q    [Entries];
  logic [51:12]       table_q  [Entries];
  logic [2:0]         rights_q [Entries];

  logic [5:0] hit_index;

  function automatic logic [5:0] encode(input logic [Entries-1:0] onehot);
    encode = 6'd0;
    for (int i = 0; i < Entries; i++) begin
      if (onehot[i]) encode = encode | 6'(i);
    end
  endfunction

  always_comb begin : p_lookup
    logic [Entries-1:0] match;
    match = '0;
    hit_o = 1'b0;
    hit_index = 6'd0;
    table_o = '0;
    rights_o = '0;
    if (lookup_i) begin
      for (int i = 0; i < Entries; i++) begin
        match = match | (Entries'({lookup_asid_i, lookup_va_i[VaBits-1:Span]} == key_q[i]) << i);
      end
      match = match & valid_q;
      hit_o = match != '0;
      hit_index = encode(match);
      table_o = table_q[hit_index[IndexBits-1:0]];
      rights_o = rights_q[hit_index[IndexBits-1:0]];
    end
  end

  always_ff @(posedge clk_i) begin : p_psc
    logic [Entries-1:0] match, valid, onehot;
    logic [63:0] replace;
    logic [5:0] index;
    logic fill;
    if (change_i || !rst_ni) begin
      fill = fill_i && fill_level_i == 3'(Level);
      valid = valid_q;
      replace = replace_q;
      match = '0;
      if (touch_i) replace = replacement_pkg::touch(Policy, Levels, replace, hit_index);
      if (fill || fault_clear_i) begin
        for (int i = 0; i < Entries; i++) begin
          match = match | (Entries'({walk_asid_i, walk_va_i[VaBits-1:Span]} == key_q[i]) << i);
        end
        match = match & valid_q;
      end
      if (fault_clear_i) valid = valid & ~match;
      if (fill) begin
        if (match != '0) begin
          onehot = match & (~match + Entries'(1));
        end else if (!(&valid_q)) begin
          onehot = ~valid_q & (valid_q + Entries'(1));
        end else begin
          onehot = Entries'(1) << replacement_pkg::victim(Policy, Levels, replace_q);
          replace = replacement_pkg::taken(Policy, Levels, replace);
        end
        index = encode(onehot);
        valid = valid | onehot;
        replace = replacement_pkg::touch(Policy, Levels, replace, index);
        key_q[index[IndexBits-1:0]] <= {walk_asid_i, walk_va_i[VaBits-1:Span]};
        table_q[index[IndexBits-1:0]] <= fill_table_i;
        rights_q[index[IndexBits-1:0]] <= fill_rights_i;
      end
      if (inv_all_i) valid = '0;
      if (inv_asid_match_i) begin
        for (int i = 0; i < Entries; i++) begin
          if (key_q[i][KeyBits-1 -: 12] == inv_asid_i) valid = valid & ~(Entries'(1) << i);
        end
      end
      if (!rst_ni) begin
        valid = '0;
        replace = replacement_pkg::initial_state(Policy);
      end
      valid_q <= valid;
      replace_q <= replace;
    end
  end
endmodule
