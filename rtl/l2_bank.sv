// SPDX-License-Identifier: Apache-2.0
//
// One bank of the L2 TLB: the pages of one size, set-associative, in a memory with one read port.
//
//   Format  page-table format (mmu_pkg::FORMAT_*)
//   Class   size of the pages: PageShift + step * Class
//   Sets    a power of two up to 1024
//   Ways    a power of two up to 8
//   Policy  replacement (replacement_pkg)
//
// A row is read in one cycle and compared in the next. Which ways are valid stands in registers, so that many can
// become invalid at once.

module l2_bank #(
  parameter int Format = mmu_pkg::FORMAT_X86_64,
  parameter int Class = 0,
  parameter int Sets = 64,
  parameter int Ways = 4,
  parameter int Policy = 0
) (
  input  logic        clk_i,
  input  logic        rst_ni,

  // Read the set of an address, or that of a number; a scan covers the set before that number
  input  logic        read_i,
  input  logic [56:12] read_va_i,
  input  logic        scan_read_i,
  input  logic [10:0] scan_set_i,

  // The row read last, compared with a key
  input  logic        compare_i,
  input  logic [tlb_entry_pkg::KEY_BITS-1:0] key_i,
  output logic [Ways-1:0] match_o,
  output logic [tlb_entry_pkg::DATA_BITS-1:0] data_o,  // of the ways that match, ored

  // One of these: in the set of `va_i` the way that matches is used, or all that match become invalid, or all of the
  // set do, or a translation of this size is written; every way becomes invalid; the ways of the row read last
  // that a scan covers do, those that are not global and of one ASID or of any
  input  logic        change_i,
  input  logic        touch_i,
  input  logic        drop_match_i,
  input  logic        drop_set_i,
  input  logic        write_i,
  input  logic        clear_i,
  input  logic        scan_i,
  input  logic [56:12] va_i,
  input  logic [tlb_entry_pkg::KEY_BITS-1:0] write_key_i,
  input  logic [tlb_entry_pkg::DATA_BITS-1:0] write_data_i,
  input  logic [15:0] random_i,
  output logic        took_victim_o,  // the write in the cycle before replaced a valid way
  input  logic        scan_by_asid_i,
  input  logic [11:0] scan_asid_i
);
  localparam int VpnBits = tlb_entry_pkg::VPN_BITS;
  localparam int KeyBits = tlb_entry_pkg::KEY_BITS;
  localparam int DataBits = tlb_entry_pkg::DATA_BITS;
  localparam int SetBits = (Sets == 1) ? 1 : $clog2(Sets);
  localparam int Levels = $clog2(Ways);
  localparam int ClassPosition = tlb_entry_pkg::DATA_CLASS;
  // A way: {key, data without its class, which is the bank's}
  localparam int WayBits = KeyBits + DataBits - 2;

  (* ram_block *) logic [Ways*WayBits-1:0] mem [Sets];
  logic [Ways*WayBits-1:0] row_q;
  logic [SetBits-1:0]      row_set_q;
  logic [Sets*Ways-1:0]    valid_q;
  logic [Sets*Ways-1:0]    replace_q;  // tree or pointer of each set

  logic                    took_victim_q;
  assign took_victim_o = took_victim_q;

  function automatic logic [DataBits-1:0] way_data(input logic [DataBits-3:0] stored);
    way_data = {stored[DataBits-3:ClassPosition], 2'(Class), stored[ClassPosition-1:0]};
  endfunction

  always_comb begin : p_compare
    logic [WayBits-1:0] way;
    way = '0;
    match_o = '0;
    data_o = '0;
    if (compare_i) begin
      for (int w = 0; w < Ways; w++) begin
        way = row_q[w*WayBits +: WayBits];
        if (valid_q[32'(row_set_q)*Ways + w]
            && ((way[WayBits-1 -: KeyBits] ^ key_i)
                & tlb_entry_pkg::mask(Format, 2'(Class), way[tlb_entry_pkg::DATA_GLOBAL-2])) == '0) begin
          match_o[w] = 1'b1;
          data_o = data_o | way_data(way[DataBits-3:0]);
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin : p_bank
    logic [9:0]  number;
    logic [SetBits-1:0] set;
    logic [63:0] next;
    logic [5:0]  used;
    logic [Ways-1:0] valid, free, covered;
    took_victim_q <= 1'b0;
    if (change_i || !rst_ni) begin
      number = tlb_entry_pkg::set_of(Format, 2'(Class), Sets, va_i);
      set = number[SetBits-1:0];
      valid = valid_q[32'(set)*Ways +: Ways];
      next = 64'(replace_q[32'(set)*Ways +: Ways]);
      used = {2'b0, request_pkg::lowest(16'(match_o))};
      if (write_i && write_data_i[ClassPosition +: 2] == 2'(Class)) begin
        // The lowest way that is invalid, else the victim
        if (!(&valid)) begin
          free = ~valid;
          used = {2'b0, request_pkg::lowest(16'(free))};
        end else begin
          used = replacement_pkg::victim(Policy, Levels,
                                         (Policy == replacement_pkg::RANDOM) ? {48'b0, random_i} : next);
          if (Policy == replacement_pkg::ROUND_ROBIN) next = replacement_pkg::taken(Policy, Levels, next);
          took_victim_q <= 1'b1;
        end
        if (Policy == replacement_pkg::TREE) next = replacement_pkg::touch(Policy, Levels, next, used);
        replace_q[32'(set)*Ways +: Ways] <= Ways'(next);
        valid_q[32'(set)*Ways +: Ways] <= valid | (Ways'(1) << used);
        mem[set][32'(used)*WayBits +: WayBits] <= {
            write_key_i & {12'hfff, tlb_entry_pkg::vpn_mask(Format, 2'(Class))},
            write_data_i[DataBits-1:ClassPosition+2], write_data_i[ClassPosition-1:0]};
      end else if (touch_i && match_o != '0) begin
        if (Policy == replacement_pkg::TREE) next = replacement_pkg::touch(Policy, Levels, next, used);
        replace_q[32'(set)*Ways +: Ways] <= Ways'(next);
      end else if (drop_set_i) begin
        valid_q[32'(set)*Ways +: Ways] <= '0;
      end else if (drop_match_i) begin
        valid_q[32'(set)*Ways +: Ways] <= valid & ~match_o;
      end else if (scan_i && 32'(scan_set_i) <= Sets) begin
        covered = '0;
        for (int w = 0; w < Ways; w++) begin
          covered[w] = !row_q[w*WayBits + tlb_entry_pkg::DATA_GLOBAL - 2]
                       && (!scan_by_asid_i || row_q[w*WayBits + DataBits - 2 + VpnBits +: 12] == scan_asid_i);
        end
        valid_q[32'(row_set_q)*Ways +: Ways] <= valid_q[32'(row_set_q)*Ways +: Ways] & ~covered;
      end
      if (clear_i || !rst_ni) valid_q <= '0;
      if (!rst_ni) replace_q <= '0;
    end
    if (read_i) begin
      number = tlb_entry_pkg::set_of(Format, 2'(Class), Sets, read_va_i);
      set = number[SetBits-1:0];
      row_q <= mem[set];
      row_set_q <= set;
    end else if (scan_read_i && 32'(scan_set_i) < Sets) begin
      row_q <= mem[SetBits'(scan_set_i)];
      row_set_q <= SetBits'(scan_set_i);
    end
  end
endmodule
