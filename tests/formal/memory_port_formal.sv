// SPDX-License-Identifier: Apache-2.0
//
// F3, F4, F8 and R2, R8, R9, R10 of the walkers (two) and their memory port with the maintenance, for ever.
//
//   Format       page-table format (mmu_pkg::FORMAT_*)
//   MemoryBound  the memory takes or answers something at least once in so many cycles in which it can
//   Sets         of the largest bank of the L2 TLB
//
// Every memory, every two missed requests, other ones at every start. By induction: the assertions marked "state" are
// what makes the others inductive, and they hold too. In BUSY each walker still sends the request that it has, at most,
// and is IDLE when that is answered: 2 transfers a walker, so all are IDLE after 2 * Walkers * MemoryBound cycles. The
// paging-structure caches are left out: walk_formal.sv.

module memory_port_formal #(
  parameter int Format = mmu_pkg::FORMAT_X86_64,
  parameter int MemoryBound = 2,
  parameter int Sets = 2
) (
  input logic        clk_i,
  input logic [1:0]  wants_i,
  input logic [1:0]  top_i,
  input logic [request_pkg::BITS-1:0] d_request_i,
  input logic [request_pkg::BITS-1:0] i_request_i,
  input logic        inv_valid_i,
  input logic [3:0]  inv_op_i,
  input logic [63:0] inv_va_i,
  input logic [11:0] inv_asid_i,
  input logic [63:0] inv_pte_i,
  input logic        mem_req_ready_i,
  input logic        mem_rsp_valid_i,
  input logic        mem_rsp_id_i,
  input logic [63:0] mem_rsp_data_i,
  input logic        mem_rsp_match_i,
  input logic        mem_rsp_err_i
);
  localparam bit IsX86 = Format == mmu_pkg::FORMAT_X86_64;
  localparam int Walkers = 2;
  localparam int Drain = 2 * Walkers * MemoryBound;
  localparam int Bound = ((Sets > Drain) ? Sets : Drain) + 1;
  localparam logic [63:0] Accessed = 64'h20, Dirty = 64'h40;
  (* anyconst *) logic [31:0] cfg;  // constant from reset on
  logic run_q = 1'b0;
  always_ff @(posedge clk_i) run_q <= 1'b1;

  logic [1:0] ready_q, walk_q;
  logic [1:0] to_walk, to_ready, set_top, to_done;
  logic       start, hold, i_fill, d_fill, l2_write, clear, idle;
  logic [3:0] fault;
  logic [2:0] level;
  logic       busy, inv_ready, inv_ack;
  logic       mem_valid, mem_op;
  logic [3:0] mem_id;
  logic [51:0] mem_addr;
  logic [63:0] mem_cmp, mem_data;

  ptw #(
    .Format(Format), .DMisses(1), .IMisses(1), .Walkers(Walkers), .Psc2Entries(0), .Psc3Entries(0),
    .Psc4Entries(0), .Psc5Entries(0), .Policy(0), .Rewalk(1'b1), .Prefetch(1'b0)
  ) u_ptw (
    .clk_i(clk_i), .rst_ni(run_q), .cfg_i(cfg),
    .ready_i(ready_q), .top_i(top_i), .start_o(start), .start_place_o(), .d_request_i(d_request_i),
    .i_request_i(i_request_i), .to_walk_o(to_walk), .to_ready_o(to_ready), .set_top_o(set_top), .to_done_o(to_done),
    .hold_o(hold), .fault_o(fault), .err_o(), .level_o(level), .i_fill_o(i_fill), .d_fill_o(d_fill),
    .l2_write_o(l2_write), .clear_o(clear), .va_o(), .key_o(), .data_o(),
    .inv_busy_i(busy), .inv_psc_all_i(1'b0), .inv_psc_asid_i(1'b0), .inv_asid_i(12'd0), .idle_o(idle),
    .mem_req_valid_o(mem_valid), .mem_req_ready_i(mem_req_ready_i), .mem_req_op_o(mem_op), .mem_req_id_o(mem_id),
    .mem_req_addr_o(mem_addr), .mem_req_cmp_o(mem_cmp), .mem_req_data_o(mem_data),
    .mem_rsp_valid_i(mem_rsp_valid_i), .mem_rsp_id_i({3'b0, mem_rsp_id_i}), .mem_rsp_data_i(mem_rsp_data_i),
    .mem_rsp_match_i(mem_rsp_match_i), .mem_rsp_err_i(mem_rsp_err_i), .event_o()
  );

  invalidate #(
    .Format(Format), .L2Largest(Sets)
  ) u_invalidate (
    .clk_i(clk_i), .rst_ni(run_q), .inv_valid_i(inv_valid_i), .inv_ready_o(inv_ready), .inv_op_i(inv_op_i),
    .inv_va_i(inv_va_i), .inv_asid_i(inv_asid_i), .inv_pte_i(inv_pte_i), .inv_ack_o(inv_ack),
    .walker_idle_i(idle), .hold_i(hold), .walk_done_i(to_done != '0), .busy_o(busy), .i_clear_o(),
    .d_clear_o(), .by_va_o(), .by_asid_o(), .spare_global_o(), .l2_all_o(), .l2_page_o(), .l2_scan_o(),
    .count_o(), .psc_all_o(), .psc_asid_o(), .i_fill_o(), .d_fill_o(), .pte_o(), .va_o(), .key_o(), .event_o()
  );

  // ---- registers of the walkers
  (* hierconn *) wire [Walkers-1:0] \u_ptw.idle_q ;
  (* hierconn *) wire [Walkers-1:0] \u_ptw.req_q ;
  (* hierconn *) wire [Walkers-1:0] \u_ptw.sent_q ;
  (* hierconn *) wire [Walkers-1:0] \u_ptw.op_q ;
  (* hierconn *) wire [Walkers-1:0] \u_ptw.set_d_q ;
  (* hierconn *) wire [0:0] \u_ptw.mem_walker_q ;
  (* hierconn *) wire [10:0] \u_invalidate.inv_count_q ;
  (* hierconn *) wire [3:0]  \u_ptw.owner_q[0] ;
  (* hierconn *) wire [3:0]  \u_ptw.owner_q[1] ;
  (* hierconn *) wire [2:0]  \u_ptw.level_q[0] ;
  (* hierconn *) wire [2:0]  \u_ptw.level_q[1] ;
  (* hierconn *) wire [51:0] \u_ptw.addr_q[0] ;
  (* hierconn *) wire [51:0] \u_ptw.addr_q[1] ;
  (* hierconn *) wire [63:0] \u_ptw.cmp_q[0] ;
  (* hierconn *) wire [63:0] \u_ptw.cmp_q[1] ;
  (* hierconn *) wire [request_pkg::BITS-1:0] \u_ptw.request_q[0] ;
  (* hierconn *) wire [request_pkg::BITS-1:0] \u_ptw.request_q[1] ;
  logic [1:0]  idle_w, req_w, sent_w, op_w, set_d_w;
  logic [3:0]  owner [2];
  logic [2:0]  at_level [2];
  logic [51:0] addr [2];
  logic [63:0] cmp [2];
  logic        write [2];
  logic        port_walker;
  assign idle_w = \u_ptw.idle_q ;
  assign req_w = \u_ptw.req_q ;
  assign sent_w = \u_ptw.sent_q ;
  assign op_w = \u_ptw.op_q ;
  assign set_d_w = \u_ptw.set_d_q ;
  assign port_walker = \u_ptw.mem_walker_q ;
  assign owner[0] = \u_ptw.owner_q[0] ;
  assign at_level[0] = \u_ptw.level_q[0] ;
  assign addr[0] = \u_ptw.addr_q[0] ;
  assign cmp[0] = \u_ptw.cmp_q[0] ;
  assign write[0] = \u_ptw.request_q[0] [request_pkg::WRITE];
  assign owner[1] = \u_ptw.owner_q[1] ;
  assign at_level[1] = \u_ptw.level_q[1] ;
  assign addr[1] = \u_ptw.addr_q[1] ;
  assign cmp[1] = \u_ptw.cmp_q[1] ;
  assign write[1] = \u_ptw.request_q[1] [request_pkg::WRITE];

  // ---- seen on the pins
  logic [1:0]  flying_q;           // memory requests taken and not answered, by id
  logic [1:0]  last_err_q;         // of the last answer to an id
  logic [51:0] last_addr_q [2];    // of the last request
  logic [63:0] last_word_q [2];    // that stands in memory as far as the last answer told
  logic [1:0]  last_op_q;
  logic [63:0] last_new_q [2];
  logic        pending_q;          // an operation was accepted and not acknowledged
  logic [10:0] age_q;
  logic [3:0]  still_q;            // cycles in which the memory could have taken or answered, and did not
  logic        held_q;
  logic [184:0] payload, payload_q;
  logic [1:0]  idle_before_q, req_before_q;
  logic        busy_before_q;
  logic        taken, could, moved;
  logic [63:0] changed;
  logic [2:0]  owed;               // transfers until all are IDLE, if they are killed
  assign taken = mem_valid && mem_req_ready_i;
  assign could = mem_valid || flying_q != '0;
  assign moved = taken || mem_rsp_valid_i;
  assign payload = {mem_op, mem_id, mem_addr, mem_cmp, mem_data};
  assign changed = mem_cmp ^ mem_data;
  assign owed = {1'b0, req_w[0], 1'b0} + {1'b0, req_w[1], 1'b0} + {2'b0, sent_w[0]} + {2'b0, sent_w[1]};

  always_ff @(posedge clk_i) begin : p_rules
    // ---- assumed of the memory: R8, and what F4 is under
    assume (!mem_rsp_valid_i || flying_q[mem_rsp_id_i]);
    assume (!could || moved || 32'(still_q) < MemoryBound - 1);
    assume ((top_i & ~ready_q) == '0);
    assume (!i_request_i[request_pkg::WRITE]);

    if (run_q) begin
      // ---- R2
      assert (!held_q || (mem_valid && payload == payload_q));
      assert (mem_valid || payload == '0);
      assert (!mem_valid || mem_op == mmu_pkg::MEM_OP_CAS || (mem_cmp == '0 && mem_data == '0));
      // ---- R8, R9
      assert (!mem_valid || (32'(mem_id) < Walkers && !flying_q[mem_id[0]]));
      assert (mem_addr[2:0] == 3'd0);
      // ---- R10, F8: A or D from 0 to 1, of a present entry, which is the word that this walker read last, there
      if (mem_valid && mem_op == mmu_pkg::MEM_OP_CAS) begin
        assert (IsX86);
        assert (mem_cmp[0]);
        assert (changed != '0 && (changed & ~mem_data) == '0 && (changed & ~(Accessed | Dirty)) == '0);
        assert (mem_addr == last_addr_q[mem_id[0]] && mem_cmp == last_word_q[mem_id[0]]);
        assert (!last_err_q[mem_id[0]]);
      end
      // ---- F4
      assert (!pending_q || 32'(age_q) <= Bound);
      assert (!busy || idle || 32'(age_q) < Drain);
      // ---- F3: between acceptance and acknowledgement nothing is installed, begun or ended, nor is a request made
      if (busy) assert (to_walk == '0 && !start);
      if (pending_q) assert (!d_fill && !i_fill && !l2_write && !clear && to_done == '0);
      assert (!inv_ack || (idle && !mem_valid && flying_q == '0 && to_ready == '0 && walk_q == '0));
      if (busy_before_q) assert ((idle_before_q & ~idle_w) == '0 && (req_w & ~req_before_q) == '0);
      if (busy && mem_rsp_valid_i) assert (hold && to_ready != '0);
      // ---- what side_formal.sv assumes
      assert ((to_walk & ~ready_q) == '0 && ((to_ready | to_done) & ~walk_q) == '0 && (set_top & ~to_ready) == '0);
      assert ((to_ready & to_done) == '0 && to_done != 2'b11 && to_ready != 2'b11 && to_walk != 2'b11);
      assert (d_fill == (to_done[0] && fault == mmu_pkg::FAULT_NONE));
      assert (i_fill == (to_done[1] && fault == mmu_pkg::FAULT_NONE));
      // A walk ends with an answer of the memory (l2_formal.sv).
      assert (mem_rsp_valid_i || (!l2_write && !clear && to_done == '0 && to_ready == '0));
      assert (!(l2_write || clear) || (!busy && !inv_ack));

      // ---- state: one a walker; the port offers what wants it; pins and registers agree
      for (int w = 0; w < Walkers; w++) begin
        assert ({1'b0, idle_w[w]} + {1'b0, req_w[w]} + {1'b0, sent_w[w]} == 2'd1);
        assert (idle_w[w] || (owner[w] < 4'd2 && walk_q[owner[w][0]]));
        assert (idle_w[w] || (addr[w][2:0] == 3'd0 && at_level[w] >= 3'd1 && at_level[w] <= 3'd5));
        assert (idle_w[w] || !write[w] || owner[w] == 4'd0);
        if (sent_w[w]) begin
          assert (last_addr_q[w] == addr[w] && last_op_q[w] == op_w[w]);
          assert (last_op_q[w] == mmu_pkg::MEM_OP_READ
                  || last_new_q[w] == ((cmp[w] & ~Dirty) | Accessed | (set_d_w[w] ? Dirty : 64'd0)));
        end
        if (!idle_w[w] && op_w[w]) begin
          assert (IsX86 && cmp[w][0]);
          // D of a leaf that is written, and as it was
          assert (set_d_w[w] == (cmp[w][6] || (write[w] && (at_level[w] == 3'd1 || cmp[w][7]))));
          assert (!cmp[w][5] || (set_d_w[w] && !cmp[w][6]));
          assert (at_level[w] <= 3'd3 || !cmp[w][7]);
          if (req_w[w]) assert (last_word_q[w] == cmp[w] && last_addr_q[w] == addr[w] && !last_err_q[w]);
        end
      end
      assert (idle_w[0] || idle_w[1] || owner[0] != owner[1]);
      assert (mem_valid == (req_w != '0) && (!mem_valid || req_w[port_walker]));
      assert (flying_q == sent_w);
      assert ((ready_q & walk_q) == '0);
      assert (walk_q == ((idle_w[0] ? 2'd0 : 2'd1 << owner[0][0]) | (idle_w[1] ? 2'd0 : 2'd1 << owner[1][0])));
      assert (pending_q == (busy || inv_ack));
      assert (!busy || (\u_invalidate.inv_count_q == age_q));
      assert (!(busy && inv_ack) && 32'(still_q) < MemoryBound);
      assert (!busy || idle || 32'(age_q) <= (2 * Walkers - 32'(owed)) * MemoryBound + 32'(still_q));

      cover (d_fill && idle_w == '0);
      cover (inv_ack && 32'(age_q) == Drain);
      cover (busy && flying_q == 2'(2 ** Walkers - 1));
      if (IsX86) cover (mem_valid && mem_op == mmu_pkg::MEM_OP_CAS && held_q);
      if (IsX86) cover (mem_valid && mem_op == mmu_pkg::MEM_OP_CAS && last_op_q[mem_id[0]]);
    end

    // ---- remembered
    ready_q <= (ready_q & ~to_walk) | to_ready | (wants_i & ~ready_q & ~walk_q);
    walk_q <= (walk_q | to_walk) & ~to_ready & ~to_done;
    held_q <= mem_valid && !mem_req_ready_i;
    payload_q <= payload;
    idle_before_q <= idle_w;
    req_before_q <= req_w;
    busy_before_q <= busy;
    still_q <= (!could || moved) ? 4'd0 : still_q + 4'd1;
    age_q <= pending_q ? age_q + 11'd1 : 11'd0;
    if (mem_rsp_valid_i) begin
      flying_q[mem_rsp_id_i] <= 1'b0;
      last_err_q[mem_rsp_id_i] <= mem_rsp_err_i;
      last_word_q[mem_rsp_id_i] <= (last_op_q[mem_rsp_id_i] && mem_rsp_match_i) ? last_new_q[mem_rsp_id_i]
                                                                                 : mem_rsp_data_i;
    end
    if (taken) begin
      flying_q[mem_id[0]] <= 1'b1;
      last_addr_q[mem_id[0]] <= mem_addr;
      last_op_q[mem_id[0]] <= mem_op;
      last_new_q[mem_id[0]] <= mem_data;
    end
    if (inv_ack) pending_q <= 1'b0;
    if (inv_valid_i && inv_ready) begin
      pending_q <= 1'b1;
      age_q <= 11'd0;
    end
    if (!run_q) begin
      ready_q <= '0;
      walk_q <= '0;
      flying_q <= '0;
      still_q <= '0;
      held_q <= 1'b0;
      pending_q <= 1'b0;
      busy_before_q <= 1'b0;
      age_q <= '0;
    end
  end
endmodule
