// SPDX-License-Identifier: Apache-2.0
//
// A small MMU: one state machine, one TLB entry a side, every miss walked from the root, one thing at a time.
//
//   Format  page-table format: 0 x86-64, 1 alpha, 2 alpha-x64
//
// Ports, codes and protocol rules are those of rtl/README.md; the cycles are its own. What an entry of the
// tables means is decided by entry_judge.sv and the packages of rtl/, as in the large MMU.

module small_mmu #(
  parameter int Format = mmu_pkg::FORMAT_X86_64
) (
  input  logic        clk_i, rst_ni,
  input  logic [31:0] cfg_i,

  input  logic [51:0] ctx_root_i,
  input  logic [11:0] ctx_asid_i,
  input  logic [31:0] ctx_ctl_i, ctx_pkru_i, ctx_pkrs_i,

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
  input  logic        d_req_write_i, d_req_ac_i, d_req_implicit_i,

  output logic        i_rsp_valid_o,
  input  logic        i_rsp_ready_i,
  output logic [3:0]  i_rsp_id_o,
  output logic [51:0] i_rsp_pa_o,
  output logic [3:0]  i_rsp_fault_o,
  output logic [15:0] i_rsp_err_o,
  output logic [2:0]  i_rsp_level_o, i_rsp_mt_o,
  output logic [5:0]  i_rsp_size_o,
  output logic        i_rsp_global_o,

  output logic        d_rsp_valid_o,
  input  logic        d_rsp_ready_i,
  output logic [3:0]  d_rsp_id_o,
  output logic [51:0] d_rsp_pa_o,
  output logic [3:0]  d_rsp_fault_o,
  output logic [15:0] d_rsp_err_o,
  output logic [2:0]  d_rsp_level_o, d_rsp_mt_o,
  output logic [5:0]  d_rsp_size_o,
  output logic        d_rsp_global_o,

  input  logic        inv_valid_i,
  output logic        inv_ready_o,
  input  logic [3:0]  inv_op_i,
  input  logic [63:0] inv_va_i, inv_pte_i,
  input  logic [11:0] inv_asid_i,
  output logic        inv_ack_o,

  output logic        mem_req_valid_o,
  input  logic        mem_req_ready_i,
  output logic        mem_req_op_o,
  output logic [3:0]  mem_req_id_o,
  output logic [51:0] mem_req_addr_o,
  output logic [63:0] mem_req_cmp_o, mem_req_data_o,
  input  logic        mem_rsp_valid_i,
  input  logic [3:0]  mem_rsp_id_i,
  input  logic [63:0] mem_rsp_data_i,
  input  logic        mem_rsp_match_i, mem_rsp_err_i,

  input  logic [4:0]  evt_sel_i,
  output logic [31:0] evt_count_o
);
  localparam logic X86 = Format == mmu_pkg::FORMAT_X86_64;
  localparam int PageShift = (Format == mmu_pkg::FORMAT_ALPHA) ? 13 : 12;
  localparam int IndexBits = PageShift - 3;
  localparam int KeyBits = tlb_entry_pkg::KEY_BITS, DataBits = tlb_entry_pkg::DATA_BITS;
  localparam int RequestBits = 198;  // root, ASID, controls, PKRU, PKRS, address, mode, write, AC, implicit
  localparam int AnswerBits = 75;    // fault, error, level, size, memory type, global, address

  // Who is served: the data side, the instruction side, maintenance, in this order and round again, so that
  // none of them waits for ever (R5).
  localparam logic [1:0] TURN_D = 2'd0, TURN_I = 2'd1, TURN_MAINT = 2'd2;
  localparam logic [2:0] LOOK = 3'd0,   // is there anything to do for the one in turn, and does it need a walk?
                         START = 3'd1,  // at the root
                         SEND = 3'd2,   // a request stands at the memory port
                         WAIT = 3'd3,   // for its response
                         JUDGE = 3'd4;  // what was read

  // --- the two ports ------------------------------------------------------------------------------
  logic d_waiting, i_waiting, answer_valid;
  logic [RequestBits-1:0] d_request, i_request;
  logic [AnswerBits-1:0] answer;
  logic [1:0] turn_q;
  logic [2:0] state_q;

  small_port #(.RequestBits(RequestBits), .AnswerBits(AnswerBits)) u_d_port (
    .clk_i, .rst_ni,
    .req_valid_i(d_req_valid_i), .req_ready_o(d_req_ready_o), .req_id_i(d_req_id_i),
    .req_i({ctx_root_i[51:12], ctx_asid_i, ctx_ctl_i[12:0], ctx_pkru_i, ctx_pkrs_i,
            d_req_va_i, d_req_mode_i, d_req_write_i, d_req_ac_i, d_req_implicit_i}),
    .rsp_valid_o(d_rsp_valid_o), .rsp_ready_i(d_rsp_ready_i), .rsp_id_o(d_rsp_id_o),
    .rsp_o({d_rsp_fault_o, d_rsp_err_o[5:0], d_rsp_level_o, d_rsp_size_o, d_rsp_mt_o, d_rsp_global_o, d_rsp_pa_o}),
    .waiting_o(d_waiting), .request_o(d_request),
    .answer_valid_i(answer_valid && turn_q == TURN_D), .answer_i(answer));
  small_port #(.RequestBits(RequestBits), .AnswerBits(AnswerBits)) u_i_port (
    .clk_i, .rst_ni,
    .req_valid_i(i_req_valid_i), .req_ready_o(i_req_ready_o), .req_id_i(i_req_id_i),
    .req_i({ctx_root_i[51:12], ctx_asid_i, ctx_ctl_i[12:0], ctx_pkru_i, ctx_pkrs_i,
            i_req_va_i, i_req_mode_i, 3'b0}),
    .rsp_valid_o(i_rsp_valid_o), .rsp_ready_i(i_rsp_ready_i), .rsp_id_o(i_rsp_id_o),
    .rsp_o({i_rsp_fault_o, i_rsp_err_o[5:0], i_rsp_level_o, i_rsp_size_o, i_rsp_mt_o, i_rsp_global_o, i_rsp_pa_o}),
    .waiting_o(i_waiting), .request_o(i_request),
    .answer_valid_i(answer_valid && turn_q == TURN_I), .answer_i(answer));
  assign d_rsp_err_o[15:6] = '0;
  assign i_rsp_err_o[15:6] = '0;

  // --- the request, or the maintenance operation, in turn -------------------------------------------
  logic inv_valid_q;
  logic [3:0] inv_op_q;
  logic [63:0] inv_va_q, inv_pte_q;
  logic [11:0] inv_asid_q;
  logic [51:12] root;
  logic [11:0] asid;
  logic [12:0] ctl;
  logic [31:0] pkru, pkrs;
  logic [63:0] va;
  logic [1:0] mode;
  logic fetch, write, ac, implicit_access, wanted, inv_fill, side;

  assign inv_ready_o = !inv_valid_q && !inv_ack_o;  // R6
  assign {root, asid, ctl, pkru, pkrs, va, mode, write, ac, implicit_access} = fetch ? i_request : d_request;
  assign fetch = turn_q == TURN_I;
  assign wanted = fetch ? i_waiting : (turn_q == TURN_D) ? d_waiting : inv_valid_q;
  assign inv_fill = !X86 && turn_q == TURN_MAINT
                    && (inv_op_q == mmu_pkg::INV_FILL_I || inv_op_q == mmu_pkg::INV_FILL_D);
  assign side = fetch || (inv_fill && inv_op_q == mmu_pkg::INV_FILL_I);

  // --- the TLB: entry 0 of the data side, entry 1 of the instruction side ---------------------------
  logic [1:0] valid_q;
  logic [KeyBits-1:0] key_q [2];
  logic [DataBits-1:0] data_q [2];
  logic [KeyBits-1:0] key;
  logic [DataBits-1:0] entry;
  logic hit, granted, refill, inv_write;

  assign key = (turn_q == TURN_MAINT) ? tlb_entry_pkg::key(Format, inv_va_q[56:12], inv_asid_q)
                                      : tlb_entry_pkg::key(Format, va[56:12], asid);
  assign entry = data_q[side];
  assign hit = valid_q[side]
               && ((key ^ key_q[side]) & tlb_entry_pkg::mask(Format, entry[tlb_entry_pkg::DATA_CLASS+:2],
                                                             entry[tlb_entry_pkg::DATA_GLOBAL])) == '0;
  assign granted = access_check_pkg::answers(Format, entry[15:0], ctl[7:0], mode, fetch, write, ac, implicit_access,
                                             pkru, pkrs, cfg_i[mmu_pkg::CFG_VMS]);
  assign refill = !X86 && ctl[mmu_pkg::CTL_REFILL];
  // EV6 ignores a fill over an entry that matches (trap T98).
  assign inv_write = inv_fill && inv_pte_q[mmu_pkg::ALPHA_PTE_V]
                     && direct_check_pkg::sign_extended(Format, inv_va_q[63:42], 1'b0)
                     && !(hit && cfg_i[mmu_pkg::CFG_CHIP_MSB:mmu_pkg::CFG_CHIP_LSB] == mmu_pkg::CHIP_EV6);

  // --- the walk -------------------------------------------------------------------------------------
  logic [2:0] level_q;
  logic [51:0] addr_q;
  logic [63:0] word_q, new_q;
  logic cas_q, err_q, w_q, u_q, nx_q;
  logic [3:0] fault;
  logic [5:0] fault_err;
  logic update, next, next_w, next_u, next_nx, translated;
  logic [63:0] updated;
  logic [51:12] next_table;
  logic [DataBits-1:0] data;

  entry_judge #(.Format(Format)) u_judge (
    .cfg_i(cfg_i[10:0]), .valid_i(state_q == JUDGE && !err_q), .entry_i(word_q), .level_i(level_q),
    .fetch_i(fetch), .write_i(write), .mode_i(mode), .implicit_i(implicit_access), .ac_i(ac),
    .ctl_i(ctl[7:0]), .pkru_i(pkru), .pkrs_i(pkrs), .w_i(w_q), .u_i(u_q), .nx_i(nx_q),
    .fault_o(fault), .err_o(fault_err), .update_o(update), .updated_o(updated),
    .next_o(next), .table_o(next_table), .w_o(next_w), .u_o(next_u), .nx_o(next_nx),
    .translated_o(translated), .data_o(data));

  // Address of the entry of `address` in a table of a level
  function automatic logic [51:0] slot(input logic [51:12] base, input logic [63:0] address, input logic [2:0] level);
    logic [IndexBits-1:0] index;
    index = IndexBits'(address >> (PageShift + IndexBits * (32'(level) - 1)));
    slot = {base[51:PageShift], index, 3'b0};
  endfunction

  function automatic logic [2:0] top_level(input logic la57);
    top_level = (Format == mmu_pkg::FORMAT_ALPHA) ? 3'd3 : (X86 && la57) ? 3'd5 : 3'd4;
  endfunction

  assign mem_req_valid_o = state_q == SEND;
  assign mem_req_op_o = (state_q == SEND && cas_q) ? mmu_pkg::MEM_OP_CAS : mmu_pkg::MEM_OP_READ;
  assign mem_req_id_o = 4'd0;  // one request at a time (R9)
  assign mem_req_addr_o = (state_q == SEND) ? addr_q : '0;
  assign mem_req_cmp_o = (state_q == SEND && cas_q) ? word_q : '0;
  assign mem_req_data_o = (state_q == SEND && cas_q) ? new_q : '0;

  // --- the answer and the event of this cycle -------------------------------------------------------
  logic [direct_check_pkg::BITS-1:0] direct;
  logic event_valid;
  logic [4:0] event_code;

  function automatic logic [AnswerBits-1:0] translation(input logic [DataBits-1:0] from, input logic [29:0] offset);
    translation = {mmu_pkg::FAULT_NONE, 9'b0, tlb_entry_pkg::size(Format, from[tlb_entry_pkg::DATA_CLASS+:2]),
                   from[tlb_entry_pkg::DATA_MT+:3], from[tlb_entry_pkg::DATA_GLOBAL],
                   tlb_entry_pkg::pa(Format, from[tlb_entry_pkg::DATA_FRAME+:40], from[tlb_entry_pkg::DATA_CLASS+:2],
                                     offset)};
  endfunction

  always_comb begin : p_answer
    answer_valid = 1'b0;
    answer = '0;
    event_valid = 1'b0;
    event_code = '0;
    direct = direct_check_pkg::check(Format, va, mode, ctl, cfg_i[mmu_pkg::CFG_PA_WIDTH_MSB:mmu_pkg::CFG_PA_WIDTH_LSB],
                                     cfg_i[mmu_pkg::CFG_CHIP_MSB:mmu_pkg::CFG_CHIP_LSB]);
    case (state_q)
      LOOK: begin
        event_valid = wanted;
        if (turn_q == TURN_MAINT) begin
          event_code = inv_write ? mmu_pkg::EVENT_FILL : mmu_pkg::EVENT_INVALIDATE;
        end else if (direct[direct_check_pkg::DIRECT]) begin
          answer_valid = wanted;
          answer = {direct[direct_check_pkg::FAULT+:4], 9'b0, direct[direct_check_pkg::SIZE+:6], 3'b0,
                    direct[direct_check_pkg::FAULT+:4] == mmu_pkg::FAULT_NONE, direct[direct_check_pkg::PA+:52]};
          event_code = fetch ? mmu_pkg::EVENT_I_DIRECT : mmu_pkg::EVENT_D_DIRECT;
        end else if (hit && (granted || refill)) begin
          answer_valid = wanted;
          answer = translation(entry, va[29:0]);
          if (!granted) begin
            answer = '0;
            answer[AnswerBits-1-:4] =
                access_check_pkg::alpha_enabled(entry[15:8], mode, write, cfg_i[mmu_pkg::CFG_VMS])
                ? access_check_pkg::alpha_fault_on_code(fetch, write) : mmu_pkg::FAULT_ACV;
          end
          event_code = fetch ? mmu_pkg::EVENT_I_HIT : mmu_pkg::EVENT_D_HIT;
        end else begin
          answer_valid = wanted && refill;
          answer[AnswerBits-1-:4] = mmu_pkg::FAULT_MISS;
          event_code = fetch ? mmu_pkg::EVENT_I_MISS : mmu_pkg::EVENT_D_MISS;
        end
      end
      START: begin
        {event_valid, event_code} = {1'b1, mmu_pkg::EVENT_WALK};
      end
      SEND: begin
        event_valid = mem_req_ready_i;
        event_code = cas_q ? mmu_pkg::EVENT_MEM_CAS : mmu_pkg::EVENT_MEM_READ;
      end
      WAIT: begin
        event_valid = mem_rsp_valid_i && cas_q && !mem_rsp_match_i && !mem_rsp_err_i;
        event_code = mmu_pkg::EVENT_CAS_FAIL;
      end
      default: begin  // JUDGE
        answer_valid = err_q || fault != mmu_pkg::FAULT_NONE || translated;
        answer = translated ? translation(data, va[29:0])
                            : {err_q ? mmu_pkg::FAULT_BUS : fault, fault_err, level_q, 62'b0};
        event_valid = answer_valid;
        event_code = translated ? mmu_pkg::EVENT_FILL : mmu_pkg::EVENT_WALK_FAULT;
      end
    endcase
  end

  // --- state ----------------------------------------------------------------------------------------
  always_ff @(posedge clk_i) begin : p_state
    inv_ack_o <= 1'b0;
    if (inv_valid_i && inv_ready_o) begin
      inv_valid_q <= 1'b1;
      {inv_op_q, inv_va_q, inv_asid_q, inv_pte_q} <= {inv_op_i, inv_va_i, inv_asid_i, inv_pte_i};
    end
    case (state_q)
      LOOK: begin
        if (wanted && turn_q != TURN_MAINT && !answer_valid) begin
          state_q <= START;
        end else begin
          turn_q <= (turn_q == TURN_MAINT) ? TURN_D : turn_q + 2'd1;
        end
        // No walk is under way, so nothing older is still to come (R7). An MMU may always forget more than it
        // was told to: every invalidation takes both entries.
        if (wanted && turn_q == TURN_MAINT) begin
          inv_valid_q <= 1'b0;
          inv_ack_o <= 1'b1;
          if (!inv_fill) valid_q <= '0;
        end
      end
      START: begin
        level_q <= top_level(ctl[mmu_pkg::CTL_LA57]);
        addr_q <= slot(root, va, top_level(ctl[mmu_pkg::CTL_LA57]));
        {w_q, u_q, nx_q} <= 3'b110;
        cas_q <= 1'b0;
        state_q <= SEND;
      end
      SEND: if (mem_req_ready_i) state_q <= WAIT;
      WAIT: begin
        if (mem_rsp_valid_i) begin
          // After a compare-and-swap that did not match, what stands there is judged instead (trap T44).
          word_q <= (cas_q && mem_rsp_match_i) ? new_q : mem_rsp_data_i;
          err_q <= mem_rsp_err_i;
          state_q <= JUDGE;
        end
      end
      default: begin  // JUDGE
        cas_q <= update;
        new_q <= updated;
        state_q <= SEND;
        if (next) begin
          level_q <= level_q - 3'd1;
          addr_q <= slot(next_table, va, level_q - 3'd1);
          {w_q, u_q, nx_q} <= {next_w, next_u, next_nx};
        end
        if (answer_valid) begin
          state_q <= LOOK;
          turn_q <= turn_q + 2'd1;
        end
        if (fault == mmu_pkg::FAULT_PF) valid_q <= '0;  // SDM 4.10.4.1: a page fault invalidates
      end
    endcase
    if (translated || (state_q == LOOK && wanted && inv_write)) begin
      valid_q[side] <= 1'b1;
      key_q[side] <= key;
      data_q[side] <= translated ? data : tlb_entry_pkg::alpha_data(Format, inv_pte_q);
    end
    if (!rst_ni) begin
      {inv_valid_q, inv_ack_o} <= 2'b00;
      state_q <= LOOK;
      turn_q <= TURN_D;
      valid_q <= '0;
    end
  end

  // --- event counters: one event a cycle ------------------------------------------------------------
  logic [31:0] count_q [32];
  always_ff @(posedge clk_i) begin : p_count
    evt_count_o <= count_q[evt_sel_i];
    if (event_valid) count_q[event_code] <= count_q[event_code] + 32'd1;
    if (!rst_ni) begin
      evt_count_o <= '0;
      for (int n = 0; n < 32; n++) count_q[n] <= '0;
    end
  end
endmodule
