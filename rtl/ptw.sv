// SPDX-License-Identifier: Apache-2.0
//
// The page-table walkers, their memory port, the paging-structure caches, and the prefetch.
//
//   Format        page-table format (mmu_pkg::FORMAT_*)
//   DMisses       entries of the data side's miss file, the first places of the ring
//   IMisses       of the instruction side's
//   Walkers       walks at once, 1 to 8
//   Psc2Entries.. entries of the paging-structure cache of level 2 to 5, 0: none
//   Policy        replacement (replacement_pkg)
//   Rewalk        1: a fault of a walk from the middle is confirmed by a walk from the root
//   Prefetch      1: a walk for a smallest page is followed by one for the next page
//
//   a walker          READY                  mem_req_ready            next level, compare-and-swap
//            IDLE ────────────────────► REQ ────────────────► SENT ───────────────────────────────► REQ
//                                                              │ translated, fault, killed
//                                                              └──────────────────────────────────► IDLE

module ptw #(
  parameter int Format = mmu_pkg::FORMAT_X86_64,
  parameter int DMisses = 4,
  parameter int IMisses = 2,
  parameter int Walkers = 4,
  parameter int Psc2Entries = 16,
  parameter int Psc3Entries = 8,
  parameter int Psc4Entries = 4,
  parameter int Psc5Entries = 2,
  parameter int Policy = 0,
  parameter bit Rewalk = 1'b1,
  parameter bit Prefetch = 1'b0
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic [31:0]  cfg_i,

  // The ring: who wants a walker, who of them from the root; the next of them, to be read from its side; the states
  // that they get
  input  logic [DMisses+IMisses-1:0] ready_i,
  input  logic [DMisses+IMisses-1:0] top_i,
  output logic         start_o,
  output logic [3:0]   start_place_o,
  input  logic [request_pkg::BITS-1:0] d_request_i,
  input  logic [request_pkg::BITS-1:0] i_request_i,
  output logic [DMisses+IMisses-1:0] to_walk_o,
  output logic [DMisses+IMisses-1:0] to_ready_o,
  output logic [DMisses+IMisses-1:0] set_top_o,
  output logic [DMisses+IMisses-1:0] to_done_o,
  output logic         hold_o,          // a walk of a request was killed

  // The end of a walk
  output logic [3:0]   fault_o,
  output logic [5:0]   err_o,
  output logic [2:0]   level_o,
  output logic         i_fill_o,
  output logic         d_fill_o,
  output logic         l2_write_o,
  output logic         clear_o,         // a page fault: what matches the address becomes invalid
  output logic [56:12] va_o,
  output logic [tlb_entry_pkg::KEY_BITS-1:0] key_o,
  output logic [tlb_entry_pkg::DATA_BITS-1:0] data_o,

  input  logic         inv_busy_i,
  input  logic         inv_psc_all_i,
  input  logic         inv_psc_asid_i,
  input  logic [11:0]  inv_asid_i,
  output logic         idle_o,

  output logic         mem_req_valid_o,
  input  logic         mem_req_ready_i,
  output logic         mem_req_op_o,
  output logic [3:0]   mem_req_id_o,
  output logic [51:0]  mem_req_addr_o,
  output logic [63:0]  mem_req_cmp_o,
  output logic [63:0]  mem_req_data_o,
  input  logic         mem_rsp_valid_i,
  input  logic [3:0]   mem_rsp_id_i,
  input  logic [63:0]  mem_rsp_data_i,
  input  logic         mem_rsp_match_i,
  input  logic         mem_rsp_err_i,

  // One pulse an event, the cycle after it: walk_reads 5 to 1, psc_hit 5 to 2, walk_fault, cas_fail, mem_cas,
  // mem_read, kill, walk
  output logic [14:0]  event_o
);
  localparam bit IsAlpha = (Format == mmu_pkg::FORMAT_ALPHA);
  localparam bit IsX86 = (Format == mmu_pkg::FORMAT_X86_64);
  localparam int Ring = DMisses + IMisses;
  localparam int RequestBits = request_pkg::BITS;
  localparam int IndexBits = (Walkers == 1) ? 1 : $clog2(Walkers);

  localparam int EventWalk = 0;
  localparam int EventKill = 1;
  localparam int EventMemRead = 2;
  localparam int EventMemCas = 3;
  localparam int EventCasFail = 4;
  localparam int EventWalkFault = 5;
  localparam int EventPscHit2 = 6;
  localparam int EventWalkReads1 = 10;

  localparam logic [1:0] PrefetchNone = 2'd0;
  localparam logic [1:0] PrefetchReady = 2'd1;
  localparam logic [1:0] PrefetchWalk = 2'd2;

  // Walkers: one bit each for state and flags, a word each for the rest
  logic [Walkers-1:0] idle_q, req_q, sent_q;
  logic [Walkers-1:0] op_q, set_d_q, mid_q, prefetch_q;
  logic [3:0]         owner_q  [Walkers];
  logic [RequestBits-1:0] request_q [Walkers];
  logic [2:0]         level_q  [Walkers];
  logic [51:0]        addr_q   [Walkers];
  logic [2:0]         rights_q [Walkers];  // x86-64: NX U W of the levels above
  logic [63:0]        cmp_q    [Walkers];
  logic [2:0]         reads_q  [Walkers];
  logic [3:0]         walk_last_q;
  logic               mem_valid_q;
  logic [IndexBits-1:0] mem_walker_q;
  logic [1:0]             prefetch_state_q;
  logic                   prefetch_fetch_q;  // of the instruction side
  logic [RequestBits-1:0] prefetch_request_q;
  logic [14:0]            event_q;
  assign event_o = event_q;

  // Five levels with LA57 (SDM 4.5.1), else four, and three in `alpha`.
  function automatic logic [2:0] top_level(input logic la57);
    top_level = IsAlpha ? 3'd3 : (IsX86 && la57) ? 3'd5 : 3'd4;
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

  // `walker` as the number of a bit, one-hot.
  function automatic logic [Walkers-1:0] one(input logic [IndexBits-1:0] walker);
    one = Walkers'(1) << walker;
  endfunction

  assign idle_o = &idle_q;

  // ---- start of a walk: by the ring, else by the prefetch
  logic start_prefetch, from_root;
  logic [RequestBits-1:0] start_request;
  logic [2:0]   start_top, start_level;
  logic [51:12] start_table;
  logic [2:0]   start_rights;
  logic [5:2]   psc_hit, psc_used;
  logic [51:12] psc_table  [2:5];
  logic [2:0]   psc_rights [2:5];
  logic psc_lookup;
  logic [56:12] start_va;
  logic [11:0]  start_asid;

  always_comb begin : p_start
    start_o = 1'b0;
    start_prefetch = 1'b0;
    start_place_o = 4'd0;
    to_walk_o = '0;
    if (idle_q != '0 && !inv_busy_i) begin
      if (ready_i != '0) begin
        start_o = 1'b1;
        start_place_o = request_pkg::next_after(16'(ready_i), walk_last_q);
        to_walk_o = Ring'(1) << start_place_o;
      end else if (Prefetch) begin
        start_prefetch = prefetch_state_q == PrefetchReady;
      end
    end
  end

  always_comb begin : p_start_request
    start_request = '0;
    from_root = 1'b0;
    psc_lookup = 1'b0;
    start_top = 3'd0;
    if (start_o) begin
      start_request = (32'(start_place_o) < DMisses) ? d_request_i : i_request_i;
      from_root = |(top_i & to_walk_o);
      psc_lookup = !from_root;
    end else if (start_prefetch) begin
      start_request = prefetch_request_q;
      psc_lookup = 1'b1;
    end
    start_va = '0;
    start_asid = '0;
    if (start_o || start_prefetch) begin
      start_top = top_level(start_request[request_pkg::CTL + mmu_pkg::CTL_LA57]);
      start_va = start_request[request_pkg::VA+12 +: 45];
      start_asid = start_request[request_pkg::ASID +: 12];
    end
  end

  // The lowest level whose cache knows the address leads to the entry nearest to the page.
  always_comb begin : p_start_level
    start_level = start_top;
    start_table = '0;
    start_rights = 3'b011;
    psc_used = 4'b0;
    if (start_o) start_table = start_request[request_pkg::ROOT +: 40];
    if (start_prefetch) start_table = prefetch_request_q[request_pkg::ROOT +: 40];
    if (psc_lookup) begin
      for (int l = 5; l >= 2; l--) begin
        if (psc_hit[l] && 3'(l) <= start_top) begin
          start_level = 3'(l - 1);
          start_table = psc_table[l];
          start_rights = psc_rights[l];
          psc_used = 4'b1 << (l - 2);
        end
      end
    end
  end

  // ---- memory request: payload 0 while not valid, words 0 for a read
  always_comb begin : p_mem_req
    mem_req_valid_o = mem_valid_q;
    mem_req_op_o = 1'b0;
    mem_req_id_o = 4'd0;
    mem_req_addr_o = '0;
    mem_req_cmp_o = '0;
    mem_req_data_o = '0;
    if (mem_valid_q) begin
      mem_req_op_o = op_q[mem_walker_q];
      mem_req_id_o = 4'(mem_walker_q);
      mem_req_addr_o = addr_q[mem_walker_q];
      if (mem_req_op_o) begin
        mem_req_cmp_o = cmp_q[mem_walker_q];
        mem_req_data_o = cmp_q[mem_walker_q];
        mem_req_data_o[mmu_pkg::X86_PTE_A] = 1'b1;
        mem_req_data_o[mmu_pkg::X86_PTE_D] = set_d_q[mem_walker_q];
      end
    end
  end

  // ---- response: killed, bus error, or judged
  logic answered, judged, killed, bus_error, ended, of_prefetch, fetch, again;
  logic [IndexBits-1:0] walker;
  logic [3:0]  place;
  logic [RequestBits-1:0] request;
  logic [63:0] entry;
  logic [2:0]  level, above;
  logic [3:0]  judge_fault;
  logic        judge_update, judge_next, judge_translated;
  logic [63:0] judge_updated;
  logic [51:12] judge_table;
  logic        judge_w, judge_u, judge_nx;
  logic        op, mid;

  always_comb begin : p_answer
    answered = 1'b0;
    judged = 1'b0;
    killed = 1'b0;
    bus_error = 1'b0;
    of_prefetch = 1'b0;
    walker = '0;
    place = 4'd0;
    if (mem_rsp_valid_i) begin
      answered = |((16'(sent_q) >> mem_rsp_id_i) & 16'd1);
      walker = IndexBits'(mem_rsp_id_i);
      if (answered) begin
        killed = inv_busy_i;
        bus_error = !killed && mem_rsp_err_i;
        judged = !killed && !mem_rsp_err_i;
        of_prefetch = Prefetch && prefetch_q[walker];
        place = owner_q[walker];
      end
    end
  end

  always_comb begin : p_walked
    fetch = 1'b0;
    request = '0;
    entry = '0;
    level = 3'd0;
    above = 3'd0;
    op = 1'b0;
    mid = 1'b0;
    if (answered) begin
      fetch = of_prefetch ? prefetch_fetch_q : 32'(place) >= DMisses;
      request = request_q[walker];
      level = level_q[walker];
      above = rights_q[walker];
      op = op_q[walker];
      mid = mid_q[walker];
      entry = mem_rsp_data_i;
      if (op && mem_rsp_match_i) begin
        entry = cmp_q[walker];
        entry[mmu_pkg::X86_PTE_A] = 1'b1;
        entry[mmu_pkg::X86_PTE_D] = set_d_q[walker];
      end
      // After a compare-and-swap that did not match, the word that stood there is judged anew (trap T44).
    end
  end

  entry_judge #(
    .Format(Format)
  ) u_entry_judge (
    .cfg_i(cfg_i[10:0]),
    .valid_i(judged),
    .entry_i(entry),
    .level_i(level),
    .fetch_i(fetch),
    .write_i(request[request_pkg::WRITE]),
    .mode_i(request[request_pkg::MODE +: 2]),
    .implicit_i(request[request_pkg::IMPLICIT]),
    .ac_i(request[request_pkg::AC]),
    .ctl_i(request[request_pkg::CTL +: 8]),
    .pkru_i(request[request_pkg::PKRU +: 32]),
    .pkrs_i(request[request_pkg::PKRS +: 32]),
    .w_i(above[0]),
    .u_i(above[1]),
    .nx_i(above[2]),
    .fault_o(judge_fault),
    .err_o(err_o),
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

  // ---- what the end of a walk means for its owner
  always_comb begin : p_end
    fault_o = mmu_pkg::FAULT_NONE;
    level_o = 3'd0;
    ended = 1'b0;
    again = 1'b0;
    hold_o = 1'b0;
    to_ready_o = '0;
    set_top_o = '0;
    to_done_o = '0;
    i_fill_o = 1'b0;
    d_fill_o = 1'b0;
    l2_write_o = 1'b0;
    clear_o = 1'b0;
    va_o = '0;
    key_o = '0;
    if (answered) begin
      va_o = request[request_pkg::VA+12 +: 45];
      key_o = tlb_entry_pkg::key(Format, va_o, request[request_pkg::ASID +: 12]);
      fault_o = bus_error ? mmu_pkg::FAULT_BUS : judge_fault;
      level_o = level;
      ended = judge_translated || fault_o != mmu_pkg::FAULT_NONE;
      l2_write_o = judge_translated;
      if (!of_prefetch) begin
        // A fault found from the middle may be stale: the same walk again, from the root.
        again = Rewalk && mid && fault_o != mmu_pkg::FAULT_NONE;
        hold_o = killed;
        if (killed || again) to_ready_o = Ring'(1) << place;
        if (again) set_top_o = Ring'(1) << place;
        if (ended && !again) to_done_o = Ring'(1) << place;
        i_fill_o = judge_translated && fetch;
        d_fill_o = judge_translated && !fetch;
        clear_o = judge_fault == mmu_pkg::FAULT_PF && !again;
      end
    end
  end

  // ---- paging-structure caches
  logic psc_change;
  assign psc_change = psc_lookup || judge_next || clear_o || inv_psc_all_i || inv_psc_asid_i;
  for (genvar l = 2; l <= 5; l++) begin : gen_psc
    localparam int Entries = (l == 2) ? Psc2Entries : (l == 3) ? Psc3Entries : (l == 4) ? Psc4Entries : Psc5Entries;
    localparam int Highest = IsAlpha ? 3 : IsX86 ? 5 : 4;
    if (Entries != 0 && l <= Highest) begin : gen_there
      psc #(
        .Format(Format),
        .Level(l),
        .Entries(Entries),
        .Policy(Policy)
      ) u_psc (
        .clk_i(clk_i),
        .rst_ni(rst_ni),
        .lookup_i(psc_lookup),
        .lookup_va_i(start_va),
        .lookup_asid_i(start_asid),
        .touch_i(psc_used[l]),
        .hit_o(psc_hit[l]),
        .table_o(psc_table[l]),
        .rights_o(psc_rights[l]),
        .change_i(psc_change),
        .fill_i(judge_next),
        .fill_level_i(level),
        .fault_clear_i(clear_o),
        .walk_va_i(va_o),
        .walk_asid_i(request[request_pkg::ASID +: 12]),
        .fill_table_i(judge_table),
        .fill_rights_i({judge_nx, judge_u, judge_w}),
        .inv_all_i(inv_psc_all_i),
        .inv_asid_match_i(inv_psc_asid_i),
        .inv_asid_i(inv_asid_i)
      );
    end else begin : gen_none
      assign psc_hit[l] = 1'b0;
      assign psc_table[l] = '0;
      assign psc_rights[l] = '0;
    end
  end

  // ---- the prefetch: the page after that of a translated request
  logic [63:12] page_after;
  always_comb begin : p_page_after
    page_after = '0;
    if (Prefetch && judge_translated) begin
      page_after = {{7{va_o[56]}}, va_o[56:13], va_o[12] && !IsAlpha} + (IsAlpha ? 52'd2 : 52'd1);
    end
  end

  always_ff @(posedge clk_i) begin : p_walk
    logic [Walkers-1:0] idle, req, sent;
    logic [3:0] number;
    logic [IndexBits-1:0] taker;
    logic taken;
    event_q <= 15'b0;
    idle = idle_q;
    req = req_q;
    sent = sent_q;
    taken = mem_valid_q && mem_req_ready_i;
    // Nobody waits for it, and its context is of before the operation (R7).
    if (Prefetch && inv_busy_i && prefetch_state_q == PrefetchReady) prefetch_state_q <= PrefetchNone;
    if (taken) begin
      req = req & ~one(mem_walker_q);
      sent = sent | one(mem_walker_q);
      if (!op_q[mem_walker_q] && reads_q[mem_walker_q] != 3'd7) begin
        reads_q[mem_walker_q] <= reads_q[mem_walker_q] + 3'd1;
      end
      event_q[EventMemRead] <= op_q[mem_walker_q] == mmu_pkg::MEM_OP_READ;
      event_q[EventMemCas] <= op_q[mem_walker_q] == mmu_pkg::MEM_OP_CAS;
    end

    if (start_o || start_prefetch) begin
      number = request_pkg::lowest(16'(idle_q));
      taker = number[IndexBits-1:0];
      idle = idle & ~one(taker);
      req = req | one(taker);
      if (start_o) walk_last_q <= start_place_o;
      owner_q[taker] <= start_place_o;
      request_q[taker] <= start_request;
      prefetch_q[taker] <= start_prefetch;
      level_q[taker] <= start_level;
      addr_q[taker] <= entry_addr(start_table, start_level, start_request[request_pkg::VA +: 57]);
      rights_q[taker] <= start_rights;
      op_q[taker] <= mmu_pkg::MEM_OP_READ;
      mid_q[taker] <= psc_used != 4'b0;
      reads_q[taker] <= 3'd0;
      if (start_prefetch) prefetch_state_q <= PrefetchWalk;
      event_q[EventWalk] <= 1'b1;
      event_q[EventPscHit2 +: 4] <= psc_used;
    end

    if (answered) begin
      sent = sent & ~one(walker);
      event_q[EventKill] <= killed;
      event_q[EventCasFail] <= judged && op == mmu_pkg::MEM_OP_CAS && !mem_rsp_match_i;
      event_q[EventWalkFault] <= ended && !judge_translated && !again && !of_prefetch;
      if (judge_translated) begin
        event_q[4'(EventWalkReads1 - 1) + ((reads_q[walker] >= 3'd5) ? 4'd5 : {1'b0, reads_q[walker]})] <= 1'b1;
      end
      if (judge_update) begin
        req = req | one(walker);
        op_q[walker] <= mmu_pkg::MEM_OP_CAS;
        cmp_q[walker] <= entry;
        set_d_q[walker] <= judge_updated[mmu_pkg::X86_PTE_D];
      end else if (judge_next) begin
        req = req | one(walker);
        op_q[walker] <= mmu_pkg::MEM_OP_READ;
        level_q[walker] <= level - 3'd1;
        addr_q[walker] <= entry_addr(judge_table, level - 3'd1, request[request_pkg::VA +: 57]);
        rights_q[walker] <= {judge_nx, judge_u, judge_w};
      end else begin
        idle = idle | one(walker);
        if (of_prefetch) prefetch_state_q <= PrefetchNone;
      end
      if (Prefetch && judge_translated && !of_prefetch && prefetch_state_q == PrefetchNone
          && data_o[tlb_entry_pkg::DATA_CLASS +: 2] == 2'd0
          && direct_check_pkg::sign_extended(Format, page_after[63:42],
                                             request[request_pkg::CTL + mmu_pkg::CTL_LA57])) begin
        prefetch_state_q <= PrefetchReady;
        prefetch_fetch_q <= fetch;
        prefetch_request_q <= request;
        prefetch_request_q[request_pkg::VA +: 57] <= {page_after[56:12], 12'b0};
        prefetch_request_q[request_pkg::WRITE] <= 1'b0;
      end
    end

    idle_q <= idle;
    req_q <= req;
    sent_q <= sent;

    // The port takes the next request: round-robin after the walker that it served last.
    if (taken || !mem_valid_q) begin
      mem_valid_q <= req != '0;
      if (req != '0) begin
        number = request_pkg::next_after(16'(req), 4'(mem_walker_q));
        mem_walker_q <= number[IndexBits-1:0];
      end
    end

    if (!rst_ni) begin
      idle_q <= '1;
      req_q <= '0;
      sent_q <= '0;
      walk_last_q <= 4'd0;
      mem_valid_q <= 1'b0;
      mem_walker_q <= '0;
      prefetch_state_q <= PrefetchNone;
      event_q <= 15'b0;
    end
  end

`ifdef KILBURN_ASSERT
  rule_props #(
    .Format(Format)
  ) u_rules (
    .clk_i(clk_i),
    .rst_ni(rst_ni),
    .cfg_i(cfg_i[10:0]),
    .walk_start_i(start_o || start_prefetch),
    .start_walker_i(request_pkg::lowest(16'(idle_q))),
    .start_rights_i(start_rights),
    .walk_next_i(judge_next),
    .entry_valid_i(judged || bus_error),
    .walker_i(4'(walker)),
    .bus_error_i(mem_rsp_err_i),
    .entry_i(entry),
    .level_i(level),
    .lookup_valid_i(1'b0),
    .retry_i(1'b0),
    .matched_i(1'b0),
    .rights_i(16'b0),
    .direct_i(1'b0),
    .hit_i(1'b0),
    .va_i({7'b0, request[request_pkg::VA +: 57]}),
    .fetch_i(fetch),
    .write_i(request[request_pkg::WRITE]),
    .mode_i(request[request_pkg::MODE +: 2]),
    .implicit_i(request[request_pkg::IMPLICIT]),
    .ac_i(request[request_pkg::AC]),
    .ctl_i({5'b0, request[request_pkg::CTL +: 8]}),
    .pkru_i(request[request_pkg::PKRU +: 32]),
    .pkrs_i(request[request_pkg::PKRS +: 32]),
    .fault_i(fault_o),
    .err_i(err_o)
  );
`endif
endmodule
