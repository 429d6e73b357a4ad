// SPDX-License-Identifier: Apache-2.0
//
// The L2 TLB that both sides share: one bank a page size. Selects a missed request, reads, compares in the next cycle.
//
//   Format        page-table format (mmu_pkg::FORMAT_*)
//   DMisses       entries of the data side's miss file, the first places of the ring
//   IMisses       of the instruction side's
//   Sets          sets of the bank of the smallest pages
//   LargeSets     sets of each other bank
//   Ways          ways of every bank
//   Policy        replacement (replacement_pkg)
//
//   cycle   Select: LOOK ─► LOOKING, banks read    Result: compared ─┬─ one way answers ─► L1 filled, DONE
//                                                                   └─ else ─► READY, ways that match dropped

module l2_tlb #(
  parameter int Format = mmu_pkg::FORMAT_X86_64,
  parameter int DMisses = 4,
  parameter int IMisses = 2,
  parameter int Sets = 64,
  parameter int LargeSets = 8,
  parameter int Ways = 4,
  parameter int Policy = 0
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] cfg_i,

  // The ring: who wants a lookup; the next of them, to be read from its side; the states that they get
  input  logic [DMisses+IMisses-1:0] look_i,
  output logic        read_o,
  output logic [3:0]  place_o,
  input  logic [request_pkg::BITS-1:0] d_request_i,
  input  logic [request_pkg::BITS-1:0] i_request_i,
  output logic [DMisses+IMisses-1:0] to_looking_o,
  output logic [DMisses+IMisses-1:0] to_look_o,
  output logic [DMisses+IMisses-1:0] to_ready_o,
  output logic [DMisses+IMisses-1:0] to_done_o,

  // A hit: the translation, for the L1 TLB of the request's side
  output logic        hit_o,
  output logic [tlb_entry_pkg::KEY_BITS-1:0] hit_key_o,
  output logic [tlb_entry_pkg::DATA_BITS-1:0] hit_data_o,

  // A walk that ends: writes a translation; a page fault drops the sets of the address
  input  logic        mem_rsp_valid_i,
  input  logic        walk_write_i,
  input  logic        walk_clear_i,
  input  logic [56:12] walk_va_i,
  input  logic [tlb_entry_pkg::KEY_BITS-1:0] walk_key_i,
  input  logic [tlb_entry_pkg::DATA_BITS-1:0] walk_data_i,

  // Maintenance: everything, the sets of an address, or set after set what is not global (of one ASID)
  input  logic        inv_busy_i,
  input  logic        inv_all_i,
  input  logic        inv_page_i,
  input  logic        inv_scan_i,
  input  logic        inv_by_asid_i,
  input  logic [10:0] inv_count_i,
  input  logic [56:12] inv_va_i,
  input  logic [11:0] inv_asid_i,

  // One pulse an event, the cycle after it: multi, miss, hit
  output logic [2:0]  event_o
);
  localparam int Banks = (Format == mmu_pkg::FORMAT_X86_64) ? 3 : 4;
  localparam int Ring = DMisses + IMisses;
  localparam int KeyBits = tlb_entry_pkg::KEY_BITS;
  localparam int DataBits = tlb_entry_pkg::DATA_BITS;
  localparam int RequestBits = request_pkg::BITS;

  logic                   l2_valid_q;
  logic [3:0]             l2_last_q;
  logic [RequestBits-1:0] request_q;  // a copy of the one at `l2_last_q`
  logic [15:0]            random_q;   // one register for all banks
  logic [2:0]             event_q;
  assign event_o = event_q;

  // ---- Select: which one, by registers alone; whether, by the response pin too
  logic select, of_i;
  always_comb begin : p_next
    read_o = 1'b0;
    place_o = 4'd0;
    of_i = 1'b0;
    if (look_i != '0 && !inv_busy_i) begin
      read_o = 1'b1;
      place_o = request_pkg::next_after(16'(look_i), l2_last_q);
      of_i = 32'(place_o) >= DMisses;
    end
  end
  always_comb begin : p_select
    select = read_o && !mem_rsp_valid_i;
    to_looking_o = '0;
    if (select) to_looking_o = Ring'(1) << place_o;
  end

  // ---- Result
  logic [Banks*Ways-1:0]     match;
  logic [DataBits-1:0]       bank_data [Banks];
  logic [KeyBits-1:0]        key;
  logic [15:0]               random;
  logic result, missed, multi;
  assign result = l2_valid_q && !mem_rsp_valid_i && !inv_busy_i;
  // A bank reports a victim a cycle late.
  assign random = (took_victim != '0) ? replacement_pkg::random_next(random_q) : random_q;

  always_comb begin : p_key
    key = '0;
    if (l2_valid_q) begin
      key = tlb_entry_pkg::key(Format, request_q[request_pkg::VA+12 +: 45], request_q[request_pkg::ASID +: 12]);
    end
  end

  always_comb begin : p_result
    to_look_o = '0;
    to_ready_o = '0;
    to_done_o = '0;
    hit_o = 1'b0;
    missed = 1'b0;
    multi = 1'b0;
    hit_key_o = '0;
    hit_data_o = '0;
    if (l2_valid_q) begin
      if (!result) begin
        to_look_o = Ring'(1) << l2_last_q;
      end else begin
        for (int b = 0; b < Banks; b++) hit_data_o = hit_data_o | bank_data[b];
        multi = (match & (match - (Banks*Ways)'(1))) != '0;
        hit_key_o = key;
        hit_o = match != '0 && !multi
                && access_check_pkg::answers(
                       Format, hit_data_o[15:0], request_q[request_pkg::CTL +: 8], request_q[request_pkg::MODE +: 2],
                       32'(l2_last_q) >= DMisses, request_q[request_pkg::WRITE], request_q[request_pkg::AC],
                       request_q[request_pkg::IMPLICIT], request_q[request_pkg::PKRU +: 32],
                       request_q[request_pkg::PKRS +: 32], cfg_i[mmu_pkg::CFG_VMS]);
        missed = !hit_o;
        if (hit_o) to_done_o = Ring'(1) << l2_last_q;
        else to_ready_o = Ring'(1) << l2_last_q;
      end
    end
  end

  // ---- what changes in the banks: one thing a cycle, in the sets of one address or in all
  logic change, drop_set, scan;
  logic [56:12] va;
  always_comb begin : p_change
    change = 1'b0;
    drop_set = 1'b0;
    scan = 1'b0;
    va = '0;
    if (inv_busy_i) begin
      change = 1'b1;
      va = inv_va_i;
      drop_set = inv_page_i && inv_count_i == '0;
      scan = inv_scan_i && inv_count_i != '0;
    end else if (walk_write_i || walk_clear_i) begin
      change = 1'b1;
      va = walk_va_i;
      drop_set = walk_clear_i;
    end else if (result) begin
      change = 1'b1;
      va = request_q[request_pkg::VA+12 +: 45];
    end
  end

  logic [56:12] read_va;
  always_comb begin : p_read_va
    read_va = '0;
    if (read_o) read_va = of_i ? i_request_i[request_pkg::VA+12 +: 45] : d_request_i[request_pkg::VA+12 +: 45];
  end

  logic [Banks-1:0] took_victim;
  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    l2_bank #(
      .Format(Format),
      .Class(b),
      .Sets((b == 0) ? Sets : LargeSets),
      .Ways(Ways),
      .Policy(Policy)
    ) u_bank (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .read_i(select),
      .read_va_i(read_va),
      .scan_read_i(inv_scan_i),
      .scan_set_i(inv_count_i),
      .compare_i(l2_valid_q),
      .key_i(key),
      .match_o(match[b*Ways +: Ways]),
      .data_o(bank_data[b]),
      .change_i(change),
      .touch_i(hit_o),
      .drop_match_i(missed),
      .drop_set_i(drop_set),
      .write_i(walk_write_i),
      .clear_i(inv_all_i && inv_count_i == '0),
      .scan_i(scan),
      .va_i(va),
      .write_key_i(walk_key_i),
      .write_data_i(walk_data_i),
      .random_i(random),
      .took_victim_o(took_victim[b]),
      .scan_by_asid_i(inv_by_asid_i),
      .scan_asid_i(inv_asid_i)
    );
  end

  always_ff @(posedge clk_i) begin : p_state
    l2_valid_q <= select;
    if (select) begin
      l2_last_q <= place_o;
      request_q <= of_i ? i_request_i : d_request_i;
    end
    event_q <= {missed && multi, missed, hit_o};
    random_q <= random;
    if (!rst_ni) begin
      l2_valid_q <= 1'b0;
      l2_last_q <= 4'd0;
      random_q <= replacement_pkg::SEED;
      event_q <= 3'b0;
    end
  end
endmodule
