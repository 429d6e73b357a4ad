// SPDX-License-Identifier: Apache-2.0
//
// The memory-management unit: two translation ports, a maintenance port, a page-table memory port.
//
//   Format    page-table format: 0 x86-64, 1 alpha, 2 alpha-x64
//   IEntries  instruction TLB entries, a power of two up to 64
//   DEntries  data TLB entries, likewise
//
// README.md beside this file is the specification, cycle by cycle.

module mmu #(
  parameter int Format = mmu_pkg::FORMAT_X86_64,
  parameter int IEntries = 16,
  parameter int DEntries = 32
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

  input  logic [3:0]  evt_sel_i,
  output logic [31:0] evt_count_o
);
  localparam int KeyBits = tlb_entry_pkg::KEY_BITS;
  localparam int DataBits = tlb_entry_pkg::DATA_BITS;

  logic         i_pending, d_pending, d_write, d_implicit, d_ac;
  logic [1:0]   i_mode, d_mode;
  logic [56:0]  i_va, d_va;
  logic [51:12] i_root, d_root;
  logic [11:0]  i_asid, d_asid;
  logic [7:0]   i_ctl, d_ctl;
  logic [31:0]  i_pkru, i_pkrs, d_pkru, d_pkrs;
  logic         i_start, i_kill, i_end, d_start, d_kill, d_end;
  logic [3:0]   walk_fault;
  logic [5:0]   walk_err;
  logic [2:0]   walk_level;
  logic [DataBits-1:0] walk_data;
  logic         walk_clear, walker_idle;
  logic [KeyBits-1:0] walk_key;
  logic         inv_busy, inv_i_clear, inv_d_clear, inv_by_va, inv_by_asid, inv_spare_global;
  logic         inv_i_fill, inv_d_fill;
  logic [63:0]  inv_pte;
  logic [KeyBits-1:0] inv_key;
  logic [4:0]   i_event, d_event;
  logic [5:0]   walk_event;
  logic         inv_event;
  logic [15:0]  events;

  mmu_side #(
    .Format(Format),
    .Entries(IEntries),
    .Fetch(1'b1)
  ) u_i_side (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .cfg_i(cfg_i[10:0]),
    .ctx_root_i(ctx_root_i[51:12]),
    .ctx_asid_i(ctx_asid_i),
    .ctx_ctl_i(ctx_ctl_i[12:0]),
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
    .slot_pending_o(i_pending),
    .slot_va_o(i_va),
    .slot_root_o(i_root),
    .slot_asid_o(i_asid),
    .slot_ctl_o(i_ctl),
    .slot_pkru_o(i_pkru),
    .slot_pkrs_o(i_pkrs),
    .slot_mode_o(i_mode),
    .slot_write_o(),
    .slot_implicit_o(),
    .slot_ac_o(),
    .walk_start_i(i_start),
    .walk_kill_i(i_kill),
    .walk_end_i(i_end),
    .walk_fault_i(walk_fault),
    .walk_err_i(walk_err),
    .walk_level_i(walk_level),
    .walk_data_i(walk_data),
    .walk_clear_i(walk_clear),
    .walk_key_i(walk_key),
    .inv_clear_i(inv_i_clear),
    .inv_fill_i(inv_i_fill),
    .inv_pte_i(inv_pte),
    .inv_by_va_i(inv_by_va),
    .inv_by_asid_i(inv_by_asid),
    .inv_spare_global_i(inv_spare_global),
    .inv_key_i(inv_key),
    .event_o(i_event)
  );

  mmu_side #(
    .Format(Format),
    .Entries(DEntries),
    .Fetch(1'b0)
  ) u_d_side (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .cfg_i(cfg_i[10:0]),
    .ctx_root_i(ctx_root_i[51:12]),
    .ctx_asid_i(ctx_asid_i),
    .ctx_ctl_i(ctx_ctl_i[12:0]),
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
    .slot_pending_o(d_pending),
    .slot_va_o(d_va),
    .slot_root_o(d_root),
    .slot_asid_o(d_asid),
    .slot_ctl_o(d_ctl),
    .slot_pkru_o(d_pkru),
    .slot_pkrs_o(d_pkrs),
    .slot_mode_o(d_mode),
    .slot_write_o(d_write),
    .slot_implicit_o(d_implicit),
    .slot_ac_o(d_ac),
    .walk_start_i(d_start),
    .walk_kill_i(d_kill),
    .walk_end_i(d_end),
    .walk_fault_i(walk_fault),
    .walk_err_i(walk_err),
    .walk_level_i(walk_level),
    .walk_data_i(walk_data),
    .walk_clear_i(walk_clear),
    .walk_key_i(walk_key),
    .inv_clear_i(inv_d_clear),
    .inv_fill_i(inv_d_fill),
    .inv_pte_i(inv_pte),
    .inv_by_va_i(inv_by_va),
    .inv_by_asid_i(inv_by_asid),
    .inv_spare_global_i(inv_spare_global),
    .inv_key_i(inv_key),
    .event_o(d_event)
  );

  ptw #(
    .Format(Format)
  ) u_ptw (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .cfg_i(cfg_i[10:0]),
    .i_pending_i(i_pending),
    .i_va_i(i_va),
    .i_root_i(i_root),
    .i_asid_i(i_asid),
    .i_ctl_i(i_ctl),
    .i_pkru_i(i_pkru),
    .i_pkrs_i(i_pkrs),
    .i_mode_i(i_mode),
    .d_pending_i(d_pending),
    .d_va_i(d_va),
    .d_root_i(d_root),
    .d_asid_i(d_asid),
    .d_ctl_i(d_ctl),
    .d_pkru_i(d_pkru),
    .d_pkrs_i(d_pkrs),
    .d_mode_i(d_mode),
    .d_write_i(d_write),
    .d_implicit_i(d_implicit),
    .d_ac_i(d_ac),
    .i_start_o(i_start),
    .i_kill_o(i_kill),
    .i_end_o(i_end),
    .d_start_o(d_start),
    .d_kill_o(d_kill),
    .d_end_o(d_end),
    .fault_o(walk_fault),
    .err_o(walk_err),
    .level_o(walk_level),
    .data_o(walk_data),
    .clear_o(walk_clear),
    .key_o(walk_key),
    .inv_busy_i(inv_busy),
    .idle_o(walker_idle),
    .mem_req_valid_o(mem_req_valid_o),
    .mem_req_ready_i(mem_req_ready_i),
    .mem_req_op_o(mem_req_op_o),
    .mem_req_id_o(mem_req_id_o),
    .mem_req_addr_o(mem_req_addr_o),
    .mem_req_cmp_o(mem_req_cmp_o),
    .mem_req_data_o(mem_req_data_o),
    .mem_rsp_valid_i(mem_rsp_valid_i),
    .mem_rsp_data_i(mem_rsp_data_i),
    .mem_rsp_match_i(mem_rsp_match_i),
    .mem_rsp_err_i(mem_rsp_err_i),
    .event_o(walk_event)
  );

  invalidate #(
    .Format(Format)
  ) u_invalidate (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .inv_valid_i(inv_valid_i),
    .inv_ready_o(inv_ready_o),
    .inv_op_i(inv_op_i),
    .inv_va_i(inv_va_i[63:12]),
    .inv_asid_i(inv_asid_i),
    .inv_pte_i(inv_pte_i),
    .inv_ack_o(inv_ack_o),
    .walker_idle_i(walker_idle),
    .busy_o(inv_busy),
    .i_clear_o(inv_i_clear),
    .d_clear_o(inv_d_clear),
    .by_va_o(inv_by_va),
    .by_asid_o(inv_by_asid),
    .spare_global_o(inv_spare_global),
    .i_fill_o(inv_i_fill),
    .d_fill_o(inv_d_fill),
    .pte_o(inv_pte),
    .key_o(inv_key),
    .event_o(inv_event)
  );

  // Event n in bit n: D_DIRECT I_DIRECT INVALIDATE FILL D_MULTI I_MULTI WALK_FAULT CAS_FAIL MEM_CAS
  // MEM_READ KILL WALK D_MISS D_HIT I_MISS I_HIT
  assign events = {d_event[3], i_event[3], inv_event, i_event[4] | d_event[4], d_event[2], i_event[2],
                   walk_event, d_event[1:0], i_event[1:0]};

  event_counters u_event_counters (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .event_i(events),
    .evt_sel_i(evt_sel_i),
    .evt_count_o(evt_count_o)
  );

`ifdef KILBURN_ASSERT
  mmu_props #(
    .Format(Format)
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
    .mem_rsp_id_i(mem_rsp_id_i)
  );
`endif
endmodule
