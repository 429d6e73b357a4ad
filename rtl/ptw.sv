// SPDX-License-Identifier: Apache-2.0
//
// Page-table walker: one walk at a time for both sides, one memory request at a time.
//
//   Format  page-table format (mmu_pkg::FORMAT_*)
//
//            slot pending              mem_req_ready             next level, compare-and-swap
//   IDLE ────────────────────► REQ ────────────────────► WAIT ────────────────────────────────► REQ
//                                                         │ translated, fault, killed
//                                                         └──────────────────────────────────► IDLE

module ptw #(
  parameter int Format = mmu_pkg::FORMAT_X86_64
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic [10:0]  cfg_i,

  // Missed requests: `i_` the instruction side, `d_` the data side
  input  logic         i_pending_i,
  input  logic [56:0]  i_va_i,
  input  logic [51:12] i_root_i,
  input  logic [11:0]  i_asid_i,
  input  logic [7:0]   i_ctl_i,
  input  logic [31:0]  i_pkru_i,
  input  logic [31:0]  i_pkrs_i,
  input  logic [1:0]   i_mode_i,
  input  logic         d_pending_i,
  input  logic [56:0]  d_va_i,
  input  logic [51:12] d_root_i,
  input  logic [11:0]  d_asid_i,
  input  logic [7:0]   d_ctl_i,
  input  logic [31:0]  d_pkru_i,
  input  logic [31:0]  d_pkrs_i,
  input  logic [1:0]   d_mode_i,
  input  logic         d_write_i,
  input  logic         d_implicit_i,
  input  logic         d_ac_i,

  output logic         i_start_o,
  output logic         i_kill_o,
  output logic         i_end_o,
  output logic         d_start_o,
  output logic         d_kill_o,
  output logic         d_end_o,
  output logic [3:0]   fault_o,
  output logic [5:0]   err_o,
  output logic [2:0]   level_o,
  output logic [tlb_entry_pkg::DATA_BITS-1:0] data_o,
  output logic         clear_o,  // a page fault: both TLBs drop what matches `key_o`
  output logic [tlb_entry_pkg::KEY_BITS-1:0] key_o,

  input  logic         inv_busy_i,
  output logic         idle_o,

  output logic         mem_req_valid_o,
  input  logic         mem_req_ready_i,
  output logic         mem_req_op_o,
  output logic [3:0]   mem_req_id_o,
  output logic [51:0]  mem_req_addr_o,
  output logic [63:0]  mem_req_cmp_o,
  output logic [63:0]  mem_req_data_o,
  input  logic         mem_rsp_valid_i,
  input  logic [63:0]  mem_rsp_data_i,
  input  logic         mem_rsp_match_i,
  input  logic         mem_rsp_err_i,

  // One pulse an event, the cycle after it: walk_fault, cas_fail, mem_cas, mem_read, kill, walk
  output logic [5:0]   event_o
);
  localparam bit IsAlpha = (Format == mmu_pkg::FORMAT_ALPHA);
  localparam bit IsX86 = (Format == mmu_pkg::FORMAT_X86_64);

  localparam logic [1:0] WalkIdle = 2'd0;
  localparam logic [1:0] WalkReq = 2'd1;
  localparam logic [1:0] WalkWait = 2'd2;

  localparam int EventWalk = 0;
  localparam int EventKill = 1;
  localparam int EventMemRead = 2;
  localparam int EventMemCas = 3;
  localparam int EventCasFail = 4;
  localparam int EventWalkFault = 5;

  logic [1:0]  walk_state_q;
  logic        side_q;   // 1: data
  logic [2:0]  level_q;
  logic [51:0] addr_q;
  logic        op_q;
  logic [63:0] cmp_q, new_q;
  logic        w_q, u_q, nx_q;
  logic [5:0]  event_q;

  // Five levels with LA57 (SDM 4.5.1), else four, and three in `alpha`.
  function automatic logic [2:0] top_level(input logic [7:0] ctl);
    top_level = IsAlpha ? 3'd3 : (IsX86 && ctl[mmu_pkg::CTL_LA57]) ? 3'd5 : 3'd4;
  endfunction

  // Address of the entry for `va` in a table: the index field of the level, times 8.
  function automatic logic [51:0] entry_addr(input logic [51:12] table_base, input logic [2:0] level,
                                             input logic [56:0] va);
    if (IsAlpha) begin
      entry_addr = {table_base[51:13], 10'(va >> (6'd3 + 6'd10 * {3'b0, level})), 3'b000};
    end else begin
      entry_addr = {table_base[51:12], 9'(va >> (6'd3 + 6'd9 * {3'b0, level})), 3'b000};
    end
  endfunction

  assign idle_o = walk_state_q == WalkIdle;

  // Start: the data side goes first.
  logic start;
  assign start = idle_o && !inv_busy_i && (d_pending_i || i_pending_i);
  assign d_start_o = start && d_pending_i;
  assign i_start_o = start && !d_pending_i;

  // Memory request: payload 0 while not valid, words 0 for a read.
  assign mem_req_valid_o = walk_state_q == WalkReq;
  assign mem_req_op_o = mem_req_valid_o && op_q;
  assign mem_req_id_o = 4'd0;
  assign mem_req_addr_o = mem_req_valid_o ? addr_q : '0;
  assign mem_req_cmp_o = mem_req_op_o ? cmp_q : '0;
  assign mem_req_data_o = mem_req_op_o ? new_q : '0;
  assign event_o = event_q;

  // The walked request
  logic [56:0] va;
  logic [11:0] asid;
  logic [7:0]  ctl;
  logic [31:0] pkru, pkrs;
  logic [1:0]  mode;
  logic        write, implicit_access, ac;
  assign va = side_q ? d_va_i : i_va_i;
  assign asid = side_q ? d_asid_i : i_asid_i;
  assign ctl = side_q ? d_ctl_i : i_ctl_i;
  assign pkru = side_q ? d_pkru_i : i_pkru_i;
  assign pkrs = side_q ? d_pkrs_i : i_pkrs_i;
  assign mode = side_q ? d_mode_i : i_mode_i;
  assign write = side_q && d_write_i;
  assign implicit_access = side_q && d_implicit_i;
  assign ac = side_q && d_ac_i;

  // ---- response: killed, bus error, or judged
  logic answered, judged;
  logic [63:0] entry;
  logic [3:0]  judge_fault;
  logic [5:0]  judge_err;
  logic        judge_update, judge_next, judge_translated;
  logic [63:0] judge_updated;
  logic [51:12] judge_table;
  logic        judge_w, judge_u, judge_nx;
  assign answered = walk_state_q == WalkWait && mem_rsp_valid_i;
  assign judged = answered && !inv_busy_i && !mem_rsp_err_i;
  // After a compare-and-swap that did not match, the word that stood there is judged anew (trap T44).
  assign entry = (op_q && mem_rsp_match_i) ? new_q : mem_rsp_data_i;

  entry_judge #(
    .Format(Format)
  ) u_entry_judge (
    .cfg_i(cfg_i),
    .valid_i(judged),
    .entry_i(entry),
    .level_i(level_q),
    .fetch_i(!side_q),
    .write_i(write),
    .mode_i(mode),
    .implicit_i(implicit_access),
    .ac_i(ac),
    .ctl_i(ctl),
    .pkru_i(pkru),
    .pkrs_i(pkrs),
    .w_i(w_q),
    .u_i(u_q),
    .nx_i(nx_q),
    .fault_o(judge_fault),
    .err_o(judge_err),
    .update_o(judge_update),
    .updated_o(judge_updated),
    .next_o(judge_next),
    .table_o(judge_table),
    .w_o(judge_w),
    .u_o(judge_u),
    .nx_o(judge_nx),
    .translated_o(judge_translated),
    .data_o(data_o)
  );

  logic killed, bus_error, ended;
  assign killed = answered && inv_busy_i;
  assign bus_error = answered && !inv_busy_i && mem_rsp_err_i;
  assign fault_o = bus_error ? mmu_pkg::FAULT_BUS : judge_fault;
  assign err_o = judge_err;
  assign level_o = level_q;
  assign ended = judge_translated || fault_o != mmu_pkg::FAULT_NONE;
  assign clear_o = judge_fault == mmu_pkg::FAULT_PF;
  assign key_o = tlb_entry_pkg::key(Format, va[56:12], asid);
  assign i_kill_o = killed && !side_q;
  assign d_kill_o = killed && side_q;
  assign i_end_o = ended && !side_q;
  assign d_end_o = ended && side_q;

  always_ff @(posedge clk_i) begin : p_walk
    event_q <= 6'b0;
    if (start) begin
      walk_state_q <= WalkReq;
      side_q <= d_pending_i;
      level_q <= d_pending_i ? top_level(d_ctl_i) : top_level(i_ctl_i);
      addr_q <= d_pending_i ? entry_addr(d_root_i, top_level(d_ctl_i), d_va_i)
                            : entry_addr(i_root_i, top_level(i_ctl_i), i_va_i);
      op_q <= mmu_pkg::MEM_OP_READ;
      w_q <= 1'b1;
      u_q <= 1'b1;
      nx_q <= 1'b0;
      event_q[EventWalk] <= 1'b1;
    end
    if (mem_req_valid_o && mem_req_ready_i) begin
      walk_state_q <= WalkWait;
      event_q[EventMemRead] <= op_q == mmu_pkg::MEM_OP_READ;
      event_q[EventMemCas] <= op_q == mmu_pkg::MEM_OP_CAS;
    end
    if (answered) begin
      event_q[EventKill] <= killed;
      event_q[EventCasFail] <= judged && op_q == mmu_pkg::MEM_OP_CAS && !mem_rsp_match_i;
      event_q[EventWalkFault] <= fault_o != mmu_pkg::FAULT_NONE;
      if (judge_update) begin
        walk_state_q <= WalkReq;
        op_q <= mmu_pkg::MEM_OP_CAS;
        cmp_q <= entry;
        new_q <= judge_updated;
      end else if (judge_next) begin
        walk_state_q <= WalkReq;
        op_q <= mmu_pkg::MEM_OP_READ;
        level_q <= level_q - 3'd1;
        addr_q <= entry_addr(judge_table, level_q - 3'd1, va);
        w_q <= judge_w;
        u_q <= judge_u;
        nx_q <= judge_nx;
      end else begin
        walk_state_q <= WalkIdle;
      end
    end
    if (!rst_ni) begin
      walk_state_q <= WalkIdle;
      event_q <= 6'b0;
    end
  end

`ifdef KILBURN_ASSERT
  rule_props #(
    .Format(Format)
  ) u_rules (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .cfg_i(cfg_i),
    .walk_start_i(start),
    .walk_next_i(judge_next),
    .entry_valid_i(answered && !inv_busy_i),
    .bus_error_i(mem_rsp_err_i),
    .entry_i(entry),
    .level_i(level_q),
    .lookup_valid_i(1'b0),
    .replay_i(1'b0),
    .matched_i(1'b0),
    .rights_i(16'b0),
    .direct_i(1'b0),
    .hit_i(1'b0),
    .va_i({7'b0, va}),
    .fetch_i(!side_q),
    .write_i(write),
    .mode_i(mode),
    .implicit_i(implicit_access),
    .ac_i(ac),
    .ctl_i({5'b0, ctl}),
    .pkru_i(pkru),
    .pkrs_i(pkrs),
    .fault_i(fault_o),
    .err_i(err_o)
  );
`endif
endmodule
