// SPDX-License-Identifier: Apache-2.0
//
// The memory-management unit: two translation ports, a maintenance port, a page-table memory port.
//
//   Format              page-table format: 0 x86-64, 1 alpha, 2 alpha-x64
//   IEntries, DEntries  L1 TLB entries, a power of two up to 64
//   IMisses, DMisses    missed requests at once, 1 to 8
//   L2Sets              sets of the L2 TLB for the smallest pages, a power of two up to 1024, or 0: no L2 TLB
//   L2LargeSets         sets for each larger size, a power of two up to 1024
//   L2Ways              ways of every set, a power of two up to 8
//   Psc2Entries ...     paging-structure cache of each level above the last, a power of two up to 64, or 0
//   Walkers             walks at once, 1 to 8
//   Policy              replacement: 0 tree pseudo-LRU, 1 round-robin, 2 random
//   Rewalk, Prefetch    0 or 1
//
// README.md beside this file is the specification, cycle by cycle.

module mmu #(
  parameter int Format = mmu_pkg::FORMAT_X86_64,
  parameter int IEntries = 16,
  parameter int DEntries = 32,
  parameter int IMisses = 2,
  parameter int DMisses = 4,
  parameter int L2Sets = 64,
  parameter int L2LargeSets = 8,
  parameter int L2Ways = 4,
  parameter int Psc2Entries = 16,
  parameter int Psc3Entries = 8,
  parameter int Psc4Entries = 4,
  parameter int Psc5Entries = 2,
  parameter int Walkers = 4,
  parameter int Policy = 0,
  parameter int Rewalk = 1,
  parameter int Prefetch = 0
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] cfg_i,

  input  logic [51:0] ctx_root_i,
  input  logic [11:0] ctx_asid_i,
  input  logic [31:0] ctx_ctl_i,
  input  logic [31:0] ctx_pkru_i,
  input  logic [31:0] ctx_pkrs_i,

  input  logic        i_req_valid_i,
  output logic        i_req_ready_o,
  input  logic [3:0]  i_req_id_i,
  input  logic [63:0] i_req_va_i,
  input  logic [1:0]  i_req_mode_i,

  input  logic        d_req_valid_i,
  output logic        d_req_ready_o,
  input  logic [3:0]  d_req_id_i,
  input  logic [63:0] d_req_va_i,
  input  logic [1:0]  d_req_mode_i,
  input  logic        d_req_write_i,
  input  logic        d_req_ac_i,
  input  logic        d_req_implicit_i,

  output logic        i_rsp_valid_o,
  input  logic        i_rsp_ready_i,
  output logic [3:0]  i_rsp_id_o,
  output logic [51:0] i_rsp_pa_o,
  output logic [3:0]  i_rsp_fault_o,
  output logic [15:0] i_rsp_err_o,
  output logic [2:0]  i_rsp_level_o,
  output logic [5:0]  i_rsp_size_o,
  output logic [2:0]  i_rsp_mt_o,
  output logic        i_rsp_global_o,

  output logic        d_rsp_valid_o,
  input  logic        d_rsp_ready_i,
  output logic [3:0]  d_rsp_id_o,
  output logic [51:0] d_rsp_pa_o,
  output logic [3:0]  d_rsp_fault_o,
  output logic [15:0] d_rsp_err_o,
  output logic [2:0]  d_rsp_level_o,
  output logic [5:0]  d_rsp_size_o,
  output logic [2:0]  d_rsp_mt_o,
  output logic        d_rsp_global_o,

  input  logic        inv_valid_i,
  output logic        inv_ready_o,
  input  logic [3:0]  inv_op_i,
  input  logic [63:0] inv_va_i,
  input  logic [11:0] inv_asid_i,
  input  logic [63:0] inv_pte_i,
  output logic        inv_ack_o,

  output logic        mem_req_valid_o,
  input  logic        mem_req_ready_i,
  output logic        mem_req_op_o,
  output logic [3:0]  mem_req_id_o,
  output logic [51:0] mem_req_addr_o,
  output logic [63:0] mem_req_cmp_o,
  output logic [63:0] mem_req_data_o,
  input  logic        mem_rsp_valid_i,
  input  logic [3:0]  mem_rsp_id_i,
  input  logic [63:0] mem_rsp_data_i,
  input  logic        mem_rsp_match_i,
  input  logic        mem_rsp_err_i,

  input  logic [4:0]  evt_sel_i,
  output logic [31:0] evt_count_o
);
  localparam int KeyBits = tlb_entry_pkg::KEY_BITS;
  localparam int DataBits = tlb_entry_pkg::DATA_BITS;
  localparam int RequestBits = request_pkg::BITS;
  localparam int Ring = DMisses + IMisses;
  // Sets of the largest bank
  localparam int L2Largest = (L2Sets == 0) ? 0 : (L2Sets > L2LargeSets) ? L2Sets : L2LargeSets;

  // The ring of missed requests: the data side's places, then the instruction side's
  logic [Ring-1:0] look, ready, top;
  logic [Ring-1:0] to_look, to_looking, to_ready, to_walk, to_done, set_top;
  logic [Ring-1:0] l2_to_ready, l2_to_done, walk_to_ready, walk_to_done;
  logic [3:0] look_place, start_place;
  logic look_read, start_read;
  logic i_look_read, i_start_read, d_look_read, d_start_read;
  logic [2:0] i_look_index, i_start_index, d_look_index, d_start_index;
  logic [RequestBits-1:0] i_look_request, i_start_request;
  logic [RequestBits-1:0] d_look_request, d_start_request;

  logic [3:0]   walk_fault;
  logic [5:0]   walk_err;
  logic [2:0]   walk_level;
  logic         i_walk_fill, d_walk_fill, walk_l2_write, walk_clear, walkers_idle, walk_hold;
  logic [56:12] walk_va;
  logic [KeyBits-1:0]  walk_key;
  logic [DataBits-1:0] walk_data;
  logic         l2_hit;
  logic [KeyBits-1:0]  l2_key;
  logic [DataBits-1:0] l2_data;
  logic         i_fill, d_fill;
  logic [KeyBits-1:0]  fill_key;
  logic [DataBits-1:0] fill_data;

  logic         inv_busy, inv_i_clear, inv_d_clear, inv_by_va, inv_by_asid, inv_spare_global;
  logic         inv_l2_all, inv_l2_page, inv_l2_scan, inv_psc_all, inv_psc_asid;
  logic         inv_i_fill, inv_d_fill;
  logic [10:0]  inv_count;
  logic [63:0]  inv_pte;
  logic [56:12] inv_va;
  logic [KeyBits-1:0] inv_key;

  logic [6:0]   i_event, d_event;
  logic [2:0]   l2_event;
  logic [14:0]  walk_event;
  logic         inv_event;

  // ---- the ring's places to and from the two miss files
  always_comb begin : p_look
    d_look_read = 1'b0;
    i_look_read = 1'b0;
    d_look_index = 3'd0;
    i_look_index = 3'd0;
    if (look_read) begin
      d_look_read = 32'(look_place) < DMisses;
      i_look_read = !d_look_read;
      d_look_index = look_place[2:0];
      i_look_index = 3'(look_place - 4'(DMisses));
    end
  end

  always_comb begin : p_start
    d_start_read = 1'b0;
    i_start_read = 1'b0;
    d_start_index = 3'd0;
    i_start_index = 3'd0;
    if (start_read) begin
      d_start_read = 32'(start_place) < DMisses;
      i_start_read = !d_start_read;
      d_start_index = start_place[2:0];
      i_start_index = 3'(start_place - 4'(DMisses));
    end
  end

  // The L2 TLB and the walkers never move the same place in a cycle.
  assign to_ready = l2_to_ready | walk_to_ready;
  assign to_done = l2_to_done | walk_to_done;

  // ---- one fill a cycle: by a walk, from the L2 TLB, or by software
  always_comb begin : p_fill
    i_fill = 1'b0;
    d_fill = 1'b0;
    fill_key = '0;
    fill_data = '0;
    if (inv_i_fill || inv_d_fill) begin
      i_fill = inv_i_fill;
      d_fill = inv_d_fill;
      fill_key = inv_key;
      fill_data = tlb_entry_pkg::alpha_data(Format, inv_pte);
    end else if (i_walk_fill || d_walk_fill || walk_clear) begin
      i_fill = i_walk_fill;
      d_fill = d_walk_fill;
      fill_key = walk_key;
      fill_data = walk_data;
    end else if (l2_hit) begin
      i_fill = |l2_to_done[Ring-1:DMisses];
      d_fill = |l2_to_done[DMisses-1:0];
      fill_key = l2_key;
      fill_data = l2_data;
    end
  end

  mmu_side #(
    .Format(Format),
    .Entries(IEntries),
    .Misses(IMisses),
    .Policy(Policy),
    .HasL2(L2Sets != 0),
    .Fetch(1'b1)
  ) u_i_side (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .cfg_i(cfg_i),
    .ctx_root_i(ctx_root_i),
    .ctx_asid_i(ctx_asid_i),
    .ctx_ctl_i(ctx_ctl_i),
    .ctx_pkru_i(ctx_pkru_i),
    .ctx_pkrs_i(ctx_pkrs_i),
    .req_valid_i(i_req_valid_i),
    .req_ready_o(i_req_ready_o),
    .req_id_i(i_req_id_i),
    .req_va_i(i_req_va_i),
    .req_mode_i(i_req_mode_i),
    .req_write_i(1'b0),
    .req_implicit_i(1'b0),
    .req_ac_i(1'b0),
    .rsp_valid_o(i_rsp_valid_o),
    .rsp_ready_i(i_rsp_ready_i),
    .rsp_id_o(i_rsp_id_o),
    .rsp_pa_o(i_rsp_pa_o),
    .rsp_fault_o(i_rsp_fault_o),
    .rsp_err_o(i_rsp_err_o),
    .rsp_level_o(i_rsp_level_o),
    .rsp_size_o(i_rsp_size_o),
    .rsp_mt_o(i_rsp_mt_o),
    .rsp_global_o(i_rsp_global_o),
    .look_o(look[Ring-1:DMisses]),
    .ready_o(ready[Ring-1:DMisses]),
    .top_o(top[Ring-1:DMisses]),
    .look_read_i(i_look_read),
    .look_index_i(i_look_index),
    .look_request_o(i_look_request),
    .start_read_i(i_start_read),
    .start_index_i(i_start_index),
    .start_request_o(i_start_request),
    .to_look_i(to_look[Ring-1:DMisses]),
    .to_looking_i(to_looking[Ring-1:DMisses]),
    .to_ready_i(to_ready[Ring-1:DMisses]),
    .to_walk_i(to_walk[Ring-1:DMisses]),
    .to_done_i(to_done[Ring-1:DMisses]),
    .set_top_i(set_top[Ring-1:DMisses]),
    .done_fault_i(walk_fault),
    .done_err_i(walk_err),
    .done_level_i(walk_level),
    .fill_i(i_fill),
    .fill_software_i(inv_i_fill || inv_d_fill),
    .fault_clear_i(walk_clear),
    .fill_key_i(fill_key),
    .fill_data_i(fill_data),
    .inv_clear_i(inv_i_clear),
    .inv_by_va_i(inv_by_va),
    .inv_by_asid_i(inv_by_asid),
    .inv_spare_global_i(inv_spare_global),
    .inv_key_i(inv_key),
    .event_o(i_event)
  );

  mmu_side #(
    .Format(Format),
    .Entries(DEntries),
    .Misses(DMisses),
    .Policy(Policy),
    .HasL2(L2Sets != 0),
    .Fetch(1'b0)
  ) u_d_side (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .cfg_i(cfg_i),
    .ctx_root_i(ctx_root_i),
    .ctx_asid_i(ctx_asid_i),
    .ctx_ctl_i(ctx_ctl_i),
    .ctx_pkru_i(ctx_pkru_i),
    .ctx_pkrs_i(ctx_pkrs_i),
    .req_valid_i(d_req_valid_i),
    .req_ready_o(d_req_ready_o),
    .req_id_i(d_req_id_i),
    .req_va_i(d_req_va_i),
    .req_mode_i(d_req_mode_i),
    .req_write_i(d_req_write_i),
    .req_implicit_i(d_req_implicit_i),
    .req_ac_i(d_req_ac_i),
    .rsp_valid_o(d_rsp_valid_o),
    .rsp_ready_i(d_rsp_ready_i),
    .rsp_id_o(d_rsp_id_o),
    .rsp_pa_o(d_rsp_pa_o),
    .rsp_fault_o(d_rsp_fault_o),
    .rsp_err_o(d_rsp_err_o),
    .rsp_level_o(d_rsp_level_o),
    .rsp_size_o(d_rsp_size_o),
    .rsp_mt_o(d_rsp_mt_o),
    .rsp_global_o(d_rsp_global_o),
    .look_o(look[DMisses-1:0]),
    .ready_o(ready[DMisses-1:0]),
    .top_o(top[DMisses-1:0]),
    .look_read_i(d_look_read),
    .look_index_i(d_look_index),
    .look_request_o(d_look_request),
    .start_read_i(d_start_read),
    .start_index_i(d_start_index),
    .start_request_o(d_start_request),
    .to_look_i(to_look[DMisses-1:0]),
    .to_looking_i(to_looking[DMisses-1:0]),
    .to_ready_i(to_ready[DMisses-1:0]),
    .to_walk_i(to_walk[DMisses-1:0]),
    .to_done_i(to_done[DMisses-1:0]),
    .set_top_i(set_top[DMisses-1:0]),
    .done_fault_i(walk_fault),
    .done_err_i(walk_err),
    .done_level_i(walk_level),
    .fill_i(d_fill),
    .fill_software_i(inv_i_fill || inv_d_fill),
    .fault_clear_i(walk_clear),
    .fill_key_i(fill_key),
    .fill_data_i(fill_data),
    .inv_clear_i(inv_d_clear),
    .inv_by_va_i(inv_by_va),
    .inv_by_asid_i(inv_by_asid),
    .inv_spare_global_i(inv_spare_global),
    .inv_key_i(inv_key),
    .event_o(d_event)
  );

  if (L2Sets != 0) begin : gen_l2
    l2_tlb #(
      .Format(Format),
      .DMisses(DMisses),
      .IMisses(IMisses),
      .Sets(L2Sets),
      .LargeSets(L2LargeSets),
      .Ways(L2Ways),
      .Policy(Policy)
    ) u_l2_tlb (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .cfg_i(cfg_i),
      .look_i(look),
      .read_o(look_read),
      .place_o(look_place),
      .d_request_i(d_look_request),
      .i_request_i(i_look_request),
      .to_looking_o(to_looking),
      .to_look_o(to_look),
      .to_ready_o(l2_to_ready),
      .to_done_o(l2_to_done),
      .hit_o(l2_hit),
      .hit_key_o(l2_key),
      .hit_data_o(l2_data),
      .mem_rsp_valid_i(mem_rsp_valid_i),
      .walk_write_i(walk_l2_write),
      .walk_clear_i(walk_clear),
      .walk_va_i(walk_va),
      .walk_key_i(walk_key),
      .walk_data_i(walk_data),
      .inv_busy_i(inv_busy),
      .inv_all_i(inv_l2_all),
      .inv_page_i(inv_l2_page),
      .inv_scan_i(inv_l2_scan),
      .inv_by_asid_i(inv_by_asid),
      .inv_count_i(inv_count),
      .inv_va_i(inv_va),
      .inv_asid_i(inv_key[KeyBits-1 -: 12]),
      .event_o(l2_event)
    );
  end else begin : gen_no_l2
    assign look_read = 1'b0;
    assign look_place = 4'd0;
    assign to_looking = '0;
    assign to_look = '0;
    assign l2_to_ready = '0;
    assign l2_to_done = '0;
    assign l2_hit = 1'b0;
    assign l2_key = '0;
    assign l2_data = '0;
    assign l2_event = 3'b0;
  end

  ptw #(
    .Format(Format),
    .DMisses(DMisses),
    .IMisses(IMisses),
    .Walkers(Walkers),
    .Psc2Entries(Psc2Entries),
    .Psc3Entries(Psc3Entries),
    .Psc4Entries(Psc4Entries),
    .Psc5Entries(Psc5Entries),
    .Policy(Policy),
    .Rewalk(Rewalk != 0),
    .Prefetch(Prefetch != 0 && L2Sets != 0)
  ) u_ptw (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .cfg_i(cfg_i),
    .ready_i(ready),
    .top_i(top),
    .start_o(start_read),
    .start_place_o(start_place),
    .d_request_i(d_start_request),
    .i_request_i(i_start_request),
    .to_walk_o(to_walk),
    .to_ready_o(walk_to_ready),
    .set_top_o(set_top),
    .to_done_o(walk_to_done),
    .hold_o(walk_hold),
    .fault_o(walk_fault),
    .err_o(walk_err),
    .level_o(walk_level),
    .i_fill_o(i_walk_fill),
    .d_fill_o(d_walk_fill),
    .l2_write_o(walk_l2_write),
    .clear_o(walk_clear),
    .va_o(walk_va),
    .key_o(walk_key),
    .data_o(walk_data),
    .inv_busy_i(inv_busy),
    .inv_psc_all_i(inv_psc_all),
    .inv_psc_asid_i(inv_psc_asid),
    .inv_asid_i(inv_key[KeyBits-1 -: 12]),
    .idle_o(walkers_idle),
    .mem_req_valid_o(mem_req_valid_o),
    .mem_req_ready_i(mem_req_ready_i),
    .mem_req_op_o(mem_req_op_o),
    .mem_req_id_o(mem_req_id_o),
    .mem_req_addr_o(mem_req_addr_o),
    .mem_req_cmp_o(mem_req_cmp_o),
    .mem_req_data_o(mem_req_data_o),
    .mem_rsp_valid_i(mem_rsp_valid_i),
    .mem_rsp_id_i(mem_rsp_id_i),
    .mem_rsp_data_i(mem_rsp_data_i),
    .mem_rsp_match_i(mem_rsp_match_i),
    .mem_rsp_err_i(mem_rsp_err_i),
    .event_o(walk_event)
  );

  invalidate #(
    .Format(Format),
    .L2Largest(L2Largest)
  ) u_invalidate (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .inv_valid_i(inv_valid_i),
    .inv_ready_o(inv_ready_o),
    .inv_op_i(inv_op_i),
    .inv_va_i(inv_va_i),
    .inv_asid_i(inv_asid_i),
    .inv_pte_i(inv_pte_i),
    .inv_ack_o(inv_ack_o),
    .walker_idle_i(walkers_idle),
    .hold_i(walk_hold),
    .walk_done_i(walk_to_done != '0),
    .busy_o(inv_busy),
    .i_clear_o(inv_i_clear),
    .d_clear_o(inv_d_clear),
    .by_va_o(inv_by_va),
    .by_asid_o(inv_by_asid),
    .spare_global_o(inv_spare_global),
    .l2_all_o(inv_l2_all),
    .l2_page_o(inv_l2_page),
    .l2_scan_o(inv_l2_scan),
    .count_o(inv_count),
    .psc_all_o(inv_psc_all),
    .psc_asid_o(inv_psc_asid),
    .i_fill_o(inv_i_fill),
    .d_fill_o(inv_d_fill),
    .pte_o(inv_pte),
    .va_o(inv_va),
    .key_o(inv_key),
    .event_o(inv_event)
  );

  event_counters u_event_counters (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .i_event_i(i_event),
    .d_event_i(d_event),
    .walk_event_i(walk_event),
    .l2_event_i(l2_event),
    .inv_event_i(inv_event),
    .evt_sel_i(evt_sel_i),
    .evt_count_o(evt_count_o)
  );

`ifdef KILBURN_ASSERT
  mmu_props #(
    .Format(Format),
    .Walkers(Walkers),
    // Every request that was there before may walk twice, and each walk be killed once by the longest operation.
    .Patience((Ring + 1) * 4 * (64 + L2Largest))
  ) u_props (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .i_req_valid_i(i_req_valid_i),
    .i_req_ready_i(i_req_ready_o),
    .i_req_payload_i({i_req_va_i, i_req_mode_i, i_req_id_i}),
    .i_rsp_valid_i(i_rsp_valid_o),
    .i_rsp_ready_i(i_rsp_ready_i),
    .i_rsp_payload_i({i_rsp_pa_o, i_rsp_fault_o, i_rsp_err_o, i_rsp_level_o, i_rsp_size_o, i_rsp_mt_o, i_rsp_global_o,
                      i_rsp_id_o}),
    .d_req_valid_i(d_req_valid_i),
    .d_req_ready_i(d_req_ready_o),
    .d_req_payload_i({d_req_implicit_i, d_req_ac_i, d_req_write_i, d_req_va_i, d_req_mode_i, d_req_id_i}),
    .d_rsp_valid_i(d_rsp_valid_o),
    .d_rsp_ready_i(d_rsp_ready_i),
    .d_rsp_payload_i({d_rsp_pa_o, d_rsp_fault_o, d_rsp_err_o, d_rsp_level_o, d_rsp_size_o, d_rsp_mt_o, d_rsp_global_o,
                      d_rsp_id_o}),
    .inv_valid_i(inv_valid_i),
    .inv_ready_i(inv_ready_o),
    .inv_payload_i({inv_pte_i, inv_va_i, inv_asid_i, inv_op_i}),
    .inv_ack_i(inv_ack_o),
    .mem_req_valid_i(mem_req_valid_o),
    .mem_req_ready_i(mem_req_ready_i),
    .mem_req_op_i(mem_req_op_o),
    .mem_req_id_i(mem_req_id_o),
    .mem_req_addr_i(mem_req_addr_o),
    .mem_req_cmp_i(mem_req_cmp_o),
    .mem_req_data_i(mem_req_data_o),
    .mem_rsp_valid_i(mem_rsp_valid_i),
    .mem_rsp_id_i(mem_rsp_id_i),
    .mem_rsp_match_i(mem_rsp_match_i),
    .mem_rsp_err_i(mem_rsp_err_i)
  );
`endif
endmodule
