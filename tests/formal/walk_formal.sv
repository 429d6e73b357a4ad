// SPDX-License-Identifier: Apache-2.0
//
// F3, F4, F7, F8 of the walkers with the maintenance: every memory, every ring of two missed requests.
//
//   Format   page-table format (mmu_pkg::FORMAT_*)
//   Walkers  1 or 2
//   Psc2     entries of the paging-structure cache of level 2
//
// Everything that the memory answers is free. F3 here: nothing is installed or written to memory between the
// acceptance of an operation and its acknowledgement, and no walk of before outlives it; a paging-structure cache is
// used for a walk only if a walk of the same address space filled it since. What side_formal.sv assumes is asserted.

module walk_formal #(
  parameter int Format = mmu_pkg::FORMAT_X86_64,
  parameter int Walkers = 1,
  parameter int Psc2 = 1,
  parameter int Patience = 12,
  parameter int MemoryBound = 2
) (
  input logic        clk_i,
  input logic [1:0]  wants_i,
  input logic [1:0]  top_i,
  input logic        inv_valid_i,
  input logic [3:0]  inv_op_i,
  input logic [63:0] inv_va_i,
  input logic [11:0] inv_asid_i,
  input logic [63:0] inv_pte_i,
  input logic        mem_req_ready_i,
  input logic        mem_rsp_valid_i,
  input logic [3:0]  mem_rsp_id_i,
  input logic [63:0] mem_rsp_data_i,
  input logic        mem_rsp_match_i,
  input logic        mem_rsp_err_i
);
  localparam bit IsX86 = Format == mmu_pkg::FORMAT_X86_64;
  logic run_q = 1'b0;
  always_ff @(posedge clk_i) run_q <= 1'b1;

  // ---- the configuration (constant from reset on), and two missed requests, of the data side and of the instruction
  // side, each wanted again and again
  (* anyconst *) logic [31:0] cfg;
  (* anyconst *) logic [request_pkg::BITS-1:0] d_request, i_request;
  logic [1:0] ready_q, walk_q;
  logic [1:0] to_walk, to_ready, set_top, to_done;
  logic       start, hold, i_fill, d_fill, l2_write, clear, idle;
  logic [3:0] place, fault;
  logic [5:0] err;
  logic [2:0] level;
  logic [56:12] va;
  logic [tlb_entry_pkg::KEY_BITS-1:0] key, inv_key;
  logic [tlb_entry_pkg::DATA_BITS-1:0] data;
  logic       busy, psc_all, psc_asid, inv_ready, inv_ack;
  logic       i_clear, d_clear, by_va, i_soft, d_soft;
  logic       mem_valid, mem_op;
  logic [3:0] mem_id;
  logic [51:0] mem_addr;
  logic [63:0] mem_cmp, mem_data;

  ptw #(
    .Format(Format), .DMisses(1), .IMisses(1), .Walkers(Walkers), .Psc2Entries(Psc2), .Psc3Entries(0),
    .Psc4Entries(0), .Psc5Entries(0), .Policy(0), .Rewalk(1'b1), .Prefetch(1'b0)
  ) u_ptw (
    .clk_i(clk_i), .rst_ni(run_q), .cfg_i(cfg),
    .ready_i(ready_q), .top_i(top_i), .start_o(start), .start_place_o(place), .d_request_i(d_request),
    .i_request_i(i_request), .to_walk_o(to_walk), .to_ready_o(to_ready), .set_top_o(set_top), .to_done_o(to_done),
    .hold_o(hold), .fault_o(fault), .err_o(err), .level_o(level), .i_fill_o(i_fill), .d_fill_o(d_fill),
    .l2_write_o(l2_write), .clear_o(clear), .va_o(va), .key_o(key), .data_o(data),
    .inv_busy_i(busy), .inv_psc_all_i(psc_all), .inv_psc_asid_i(psc_asid),
    .inv_asid_i(inv_key[tlb_entry_pkg::KEY_BITS-1 -: 12]), .idle_o(idle),
    .mem_req_valid_o(mem_valid), .mem_req_ready_i(mem_req_ready_i), .mem_req_op_o(mem_op), .mem_req_id_o(mem_id),
    .mem_req_addr_o(mem_addr), .mem_req_cmp_o(mem_cmp), .mem_req_data_o(mem_data),
    .mem_rsp_valid_i(mem_rsp_valid_i), .mem_rsp_id_i(mem_rsp_id_i), .mem_rsp_data_i(mem_rsp_data_i),
    .mem_rsp_match_i(mem_rsp_match_i), .mem_rsp_err_i(mem_rsp_err_i), .event_o()
  );

  invalidate #(
    .Format(Format), .L2Largest(2)
  ) u_invalidate (
    .clk_i(clk_i), .rst_ni(run_q), .inv_valid_i(inv_valid_i), .inv_ready_o(inv_ready), .inv_op_i(inv_op_i),
    .inv_va_i(inv_va_i), .inv_asid_i(inv_asid_i), .inv_pte_i(inv_pte_i), .inv_ack_o(inv_ack),
    .walker_idle_i(idle), .hold_i(hold), .walk_done_i(to_done != '0), .busy_o(busy), .i_clear_o(i_clear),
    .d_clear_o(d_clear), .by_va_o(by_va), .by_asid_o(), .spare_global_o(), .l2_all_o(), .l2_page_o(), .l2_scan_o(),
    .count_o(), .psc_all_o(psc_all), .psc_asid_o(psc_asid), .i_fill_o(i_soft), .d_fill_o(d_soft), .pte_o(), .va_o(),
    .key_o(inv_key), .event_o()
  );

  (* hierconn *) wire [5:2] \u_ptw.psc_used ;
  logic used_psc;
  assign used_psc = |\u_ptw.psc_used ;

  // ---- one walker, one address space
  (* anyconst *) logic [3:0]  walker;
  (* anyconst *) logic [11:0] asid;
  logic        ours_flying_q, any_read_q, last_err_q;
  logic        ours_cas_q;
  logic [51:0] last_addr_q;
  logic [63:0] last_word_q;
  logic        u_so_far_q;       // x86-64: U of every level that this walk has passed, from the root
  logic        from_root_q;
  logic        filled_q;         // a non-leaf entry of this address space was read since its caches were cleared
  logic        pending_q;        // an operation was accepted and not acknowledged
  logic [7:0]  patience_q;
  logic [3:0]  unanswered_q, unready_q;
  logic [1:0]  flying_q;
  logic [11:0] walk_asid_q;
  logic [request_pkg::BITS-1:0] ended;
  logic taken, answered_ours, user, started_ours;
  logic [11:0] start_asid;
  assign taken = mem_valid && mem_req_ready_i;
  assign answered_ours = mem_rsp_valid_i && mem_rsp_id_i == walker && ours_flying_q;
  assign ended = to_done[0] ? d_request : i_request;
  assign user = ended[request_pkg::MODE +: 2] != mmu_pkg::MODE_KERNEL && !ended[request_pkg::IMPLICIT];
  assign start_asid = place == 4'd0 ? d_request[request_pkg::ASID +: 12] : i_request[request_pkg::ASID +: 12];

  always_ff @(posedge clk_i) begin : p_rules
    // ---- assumed of the memory, R8: answers what it was asked, and in time (F4)
    assume (!mem_rsp_valid_i || (mem_rsp_id_i < 4'(Walkers) && flying_q[mem_rsp_id_i[0]]));
    assume (unanswered_q < 4'(MemoryBound) || mem_rsp_valid_i);
    assume (unready_q < 4'(MemoryBound) || mem_req_ready_i);
    assume (i_request[request_pkg::WRITE] == 1'b0 && i_request[request_pkg::IMPLICIT] == 1'b0);
    assume ((top_i & ~ready_q) == '0);

    if (run_q) begin
      // ---- side_formal's assumptions
      assert ((to_walk & ~ready_q) == '0 && ((to_ready | to_done) & ~walk_q) == '0 && (set_top & ~to_ready) == '0);
      assert ((to_ready & to_done) == '0 && to_done != 2'b11 && to_ready != 2'b11 && to_walk != 2'b11);
      assert (d_fill == (to_done[0] && fault == mmu_pkg::FAULT_NONE));
      assert (i_fill == (to_done[1] && fault == mmu_pkg::FAULT_NONE));
      assert (!l2_write || d_fill || i_fill);
      if (d_fill || i_fill) begin
        assert (key == tlb_entry_pkg::key(Format, ended[request_pkg::VA+12 +: 45], ended[request_pkg::ASID +: 12]));
        assert (!IsX86 || data[tlb_entry_pkg::DATA_CLASS +: 2] != 2'd3);
        // ---- F1: no user is given a translation whose accumulated U is 0
        if (IsX86) assert (!user || data[mmu_pkg::X86_RIGHTS_U]);
        else assert (cfg[mmu_pkg::CFG_VMS] || ended[request_pkg::MODE +: 2] == mmu_pkg::MODE_KERNEL
                     || data[9 + 4 * ended[request_pkg::WRITE]]);
        if (IsX86 && answered_ours && from_root_q) assert (!user || u_so_far_q);
      end
      // ---- F3: between acceptance and acknowledgement nothing is installed, nor begun
      if (pending_q && !inv_ack) begin
        assert (!d_fill && !i_fill && !l2_write && !clear && to_walk == '0 && to_done == '0);
      end
      assert (!(inv_ack && (flying_q != '0 || mem_valid || walk_q != '0)));
      // F2, F3: a paging-structure cache knows only what its address space filled and no operation cleared since
      if (start && used_psc && start_asid == asid) assert (filled_q);
      // ---- F4
      assert (patience_q < 8'(Patience));
      // ---- F8: a write is of the word that this walker read last, at its address, A or D from 0 to 1, present
      if (mem_valid && mem_id == walker && mem_op == mmu_pkg::MEM_OP_CAS) begin
        assert (IsX86);
        assert (any_read_q && !last_err_q && mem_addr == last_addr_q && mem_cmp == last_word_q);
        assert (mem_cmp[0] && (mem_cmp & ~mem_data) == '0 && ((mem_cmp ^ mem_data) & ~64'h60) == '0
                && mem_cmp != mem_data);
      end

      cover (d_fill);
      cover (inv_ack && hold == 1'b0 && patience_q > 8'd3);
      cover (hold);
      cover (start && used_psc && start_asid == asid);
      if (IsX86) cover (mem_valid && mem_op == mmu_pkg::MEM_OP_CAS && mem_id == walker);
    end

    // ---- remembered
    ready_q <= (ready_q & ~to_walk) | to_ready | (wants_i & ~ready_q & ~walk_q);
    walk_q <= (walk_q | to_walk) & ~to_ready & ~to_done;
    if (mem_rsp_valid_i) flying_q[mem_rsp_id_i[0]] <= 1'b0;
    if (taken) flying_q[mem_id[0]] <= 1'b1;
    unanswered_q <= (flying_q != '0 && !mem_rsp_valid_i) ? unanswered_q + 4'd1 : 4'd0;
    unready_q <= (mem_valid && !mem_req_ready_i) ? unready_q + 4'd1 : 4'd0;
    if (answered_ours) begin
      any_read_q <= 1'b1;
      last_word_q <= mem_rsp_data_i;
      last_err_q <= mem_rsp_err_i;
      ours_flying_q <= 1'b0;
    end
    if (taken && mem_id == walker) begin
      ours_flying_q <= 1'b1;
      last_addr_q <= mem_addr;
    end
    // A start makes the walker forget; with one walker it is this one's.
    if (start) begin
      from_root_q <= Walkers == 1 && walker == 4'd0 && !used_psc;
      u_so_far_q <= 1'b1;
      walk_asid_q <= start_asid;
    end else if (answered_ours && !ours_cas_q) begin
      u_so_far_q <= u_so_far_q && mem_rsp_data_i[mmu_pkg::X86_PTE_US];
    end
    if (taken && mem_id == walker) ours_cas_q <= mem_op;
    // A cache can be filled only by an answer to a walk of this address space, outside an operation.
    if (psc_all || (psc_asid && inv_key[tlb_entry_pkg::KEY_BITS-1 -: 12] == asid)) filled_q <= 1'b0;
    if (mem_rsp_valid_i && !busy && (Walkers != 1 || walk_asid_q == asid)) filled_q <= 1'b1;
    if (inv_valid_i && inv_ready) pending_q <= 1'b1;
    if (inv_ack) pending_q <= 1'b0;
    patience_q <= (pending_q && !inv_ack) ? patience_q + 8'd1 : 8'd0;
    if (!run_q) begin
      ready_q <= '0;
      walk_q <= '0;
      flying_q <= '0;
      unanswered_q <= '0;
      unready_q <= '0;
      ours_flying_q <= 1'b0;
      any_read_q <= 1'b0;
      last_err_q <= 1'b0;
      pending_q <= 1'b0;
      patience_q <= '0;
      filled_q <= 1'b0;
      from_root_q <= 1'b0;
      ours_cas_q <= 1'b0;
    end
  end
endmodule
