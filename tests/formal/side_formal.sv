// SPDX-License-Identifier: Apache-2.0
//
// F1, F2, F3, F5, F6 of one translation port: two L1 entries, two misses, every request and every answer of the
// walkers.
//
//   Format  page-table format (mmu_pkg::FORMAT_*)
//   HasL2   1: a miss is looked up in the L2 TLB first
//
// A page and an address space are chosen once and arbitrarily (anyconst). `local_q` and `global_q` remember whether a
// translation that may answer a user's access to them was filled since it was last invalidated: no response may come
// without. What the walkers and the L2 TLB do is assumed as walk_formal.sv and l2_formal.sv assert it.

module side_formal #(
  parameter int Format = mmu_pkg::FORMAT_X86_64,
  parameter bit HasL2 = 1'b0
) (
  input logic        clk_i,
  input logic [51:0] ctx_root_i,
  input logic [11:0] ctx_asid_i,
  input logic [31:0] ctx_ctl_i,
  input logic [31:0] ctx_pkru_i,
  input logic [31:0] ctx_pkrs_i,
  input logic        req_valid_i,
  input logic [3:0]  req_id_i,
  input logic [63:0] req_va_i,
  input logic [1:0]  req_mode_i,
  input logic        req_write_i,
  input logic        req_implicit_i,
  input logic        req_ac_i,
  input logic        rsp_ready_i,
  input logic [1:0]  to_look_i,
  input logic [1:0]  to_looking_i,
  input logic [1:0]  to_ready_i,
  input logic [1:0]  to_walk_i,
  input logic [1:0]  to_done_i,
  input logic [1:0]  set_top_i,
  input logic [3:0]  done_fault_i,
  input logic [5:0]  done_err_i,
  input logic [2:0]  done_level_i,
  input logic        fill_i,
  input logic        fill_software_i,
  input logic        fault_clear_i,
  input logic [tlb_entry_pkg::KEY_BITS-1:0] fill_key_i,
  input logic [tlb_entry_pkg::DATA_BITS-1:0] fill_data_i,
  input logic        inv_clear_i,
  input logic        inv_by_va_i,
  input logic        inv_by_asid_i,
  input logic        inv_spare_global_i,
  input logic [tlb_entry_pkg::KEY_BITS-1:0] inv_key_i
);
  localparam int Key = tlb_entry_pkg::KEY_BITS;
  localparam int Vpn = tlb_entry_pkg::VPN_BITS;
  localparam bit IsX86 = Format == mmu_pkg::FORMAT_X86_64;

  (* anyconst *) logic [31:0] cfg;  // constant from reset on
  logic run_q = 1'b0;
  always_ff @(posedge clk_i) run_q <= 1'b1;

  logic        req_ready, rsp_valid, rsp_global;
  logic [3:0]  rsp_id, rsp_fault;
  logic [51:0] rsp_pa;
  logic [15:0] rsp_err;
  logic [2:0]  rsp_level, rsp_mt;
  logic [5:0]  rsp_size;
  logic [1:0]  look, ready, top;
  logic [6:0]  events;

  mmu_side #(
    .Format(Format),
    .Entries(2),
    .Misses(2),
    .Policy(0),
    .HasL2(HasL2),
    .Fetch(1'b0)
  ) u_dut (
    .clk_i(clk_i), .rst_ni(run_q), .cfg_i(cfg),
    .ctx_root_i(ctx_root_i), .ctx_asid_i(ctx_asid_i), .ctx_ctl_i(ctx_ctl_i), .ctx_pkru_i(ctx_pkru_i),
    .ctx_pkrs_i(ctx_pkrs_i),
    .req_valid_i(req_valid_i), .req_ready_o(req_ready), .req_id_i(req_id_i), .req_va_i(req_va_i),
    .req_mode_i(req_mode_i), .req_write_i(req_write_i), .req_implicit_i(req_implicit_i), .req_ac_i(req_ac_i),
    .rsp_valid_o(rsp_valid), .rsp_ready_i(rsp_ready_i), .rsp_id_o(rsp_id), .rsp_pa_o(rsp_pa),
    .rsp_fault_o(rsp_fault), .rsp_err_o(rsp_err), .rsp_level_o(rsp_level), .rsp_size_o(rsp_size),
    .rsp_mt_o(rsp_mt), .rsp_global_o(rsp_global),
    .look_o(look), .ready_o(ready), .top_o(top),
    .look_read_i(1'b0), .look_index_i(3'd0), .look_request_o(), .start_read_i(1'b0), .start_index_i(3'd0),
    .start_request_o(),
    .to_look_i(to_look_i), .to_looking_i(to_looking_i), .to_ready_i(to_ready_i), .to_walk_i(to_walk_i),
    .to_done_i(to_done_i), .set_top_i(set_top_i),
    .done_fault_i(done_fault_i), .done_err_i(done_err_i), .done_level_i(done_level_i),
    .fill_i(fill_i), .fill_software_i(fill_software_i), .fault_clear_i(fault_clear_i), .fill_key_i(fill_key_i),
    .fill_data_i(fill_data_i),
    .inv_clear_i(inv_clear_i), .inv_by_va_i(inv_by_va_i), .inv_by_asid_i(inv_by_asid_i),
    .inv_spare_global_i(inv_spare_global_i), .inv_key_i(inv_key_i), .event_o(events)
  );

  // Registers of the port: Yosys joins a wire with this attribute to the one of that name in the flattened netlist.
  (* hierconn *) wire [1:0] \u_dut.free_q ;
  (* hierconn *) wire [1:0] \u_dut.looking_q ;
  (* hierconn *) wire [1:0] \u_dut.walk_q ;
  (* hierconn *) wire [1:0] \u_dut.merged_q ;
  (* hierconn *) wire [1:0] \u_dut.retry_q ;
  (* hierconn *) wire [1:0] \u_dut.done_q ;
  (* hierconn *) wire [1:0] \u_dut.count_q ;
  (* hierconn *) wire [1:0] \u_dut.valid_q ;
  (* hierconn *) wire [1:0] \u_dut.write_onehot ;
  (* hierconn *) wire       \u_dut.took_victim ;
  (* hierconn *) wire [request_pkg::BITS-1:0] \u_dut.request_q[0] ;
  (* hierconn *) wire [request_pkg::BITS-1:0] \u_dut.request_q[1] ;
  logic [1:0] idle_slot, looking, walking, merged, retried, finished, valid, written;
  logic [1:0] queued;
  assign idle_slot = \u_dut.free_q ;
  assign looking = \u_dut.looking_q ;
  assign walking = \u_dut.walk_q ;
  assign merged = \u_dut.merged_q ;
  assign retried = \u_dut.retry_q ;
  assign finished = \u_dut.done_q ;
  assign queued = \u_dut.count_q ;
  assign valid = \u_dut.valid_q ;
  assign written = \u_dut.write_onehot ;

  // ---- a page, an address space, an id
  (* anyconst *) logic [56:12] page;
  (* anyconst *) logic [11:0]  asid;
  (* anyconst *) logic [3:0]   tracked;
  logic [Key-1:0] wanted;
  assign wanted = tlb_entry_pkg::key(Format, page, asid);

  // ---- what a fill means for them (SDM 4.10.2.4, 4.6.1: a user needs U; Alpha: the enables of the user's column)
  logic fill_global, fill_covers, fill_user, inv_covers;
  assign fill_global = fill_data_i[tlb_entry_pkg::DATA_GLOBAL];
  assign fill_covers = fill_i && ((fill_key_i[Vpn-1:0] ^ wanted[Vpn-1:0])
                                  & tlb_entry_pkg::vpn_mask(Format, fill_data_i[tlb_entry_pkg::DATA_CLASS +: 2])) == '0
                       && (fill_global || fill_key_i[Key-1:Vpn] == asid);
  // OSF layout (assumed): every mode that is not kernel has URE and UWE
  assign fill_user = IsX86 ? fill_data_i[mmu_pkg::X86_RIGHTS_U] : |(fill_data_i[15:0] & 16'h2200);
  assign inv_covers = inv_clear_i && (!inv_by_va_i || inv_key_i[Vpn-1:0] == wanted[Vpn-1:0]);

  // The slot that becomes DONE, with the request in it
  logic [request_pkg::BITS-1:0] done_request;
  logic done_user;
  assign done_request = to_done_i[0] ? \u_dut.request_q[0] : \u_dut.request_q[1] ;
  assign done_user = done_request[request_pkg::MODE +: 2] != mmu_pkg::MODE_KERNEL
                     && !(IsX86 && done_request[request_pkg::IMPLICIT]);

  logic local_q, global_q;    // a translation for a user was filled since, of this address space, for all
  logic any_local_q, any_global_q;
  logic open_q, allowed_q, any_q, user_q;  // the tracked request, and what it may be answered from
  logic [11:0] offset_q;
  logic [2:0] waiting_q;      // requests accepted and not answered
  logic filled_q;             // the entry in `last_q` was filled, and no lookup since
  logic [1:0] last_q;
  logic accepted, taken, to_tracked;
  assign accepted = req_valid_i && req_ready;
  assign taken = rsp_valid && rsp_ready_i;
  assign to_tracked = accepted && req_id_i == tracked && req_va_i[56:12] == page && ctx_asid_i == asid
                      && !ctx_ctl_i[mmu_pkg::CTL_PHYS] && ctx_ctl_i[mmu_pkg::CTL_SPE_MSB:mmu_pkg::CTL_SPE_LSB] == '0;

  always_ff @(posedge clk_i) begin : p_rules
    logic allowed, any;
    // ---- assumed
    assume (!req_valid_i || !ctx_ctl_i[mmu_pkg::CTL_REFILL]);
    assume (!cfg[mmu_pkg::CFG_VMS]);
    // walk_formal: one place a cycle gets one state, from the state before it.
    assume ((to_look_i & ~looking) == '0 && (to_looking_i & ~look) == '0 && (to_ready_i & ~(looking | walking)) == '0);
    assume ((to_walk_i & ~ready) == '0 && (to_done_i & ~(looking | walking)) == '0 && (set_top_i & ~to_ready_i) == '0);
    assume (to_done_i != 2'b11 && to_ready_i != 2'b11 && to_walk_i != 2'b11 && to_looking_i != 2'b11);
    assume (((to_look_i | to_ready_i) & to_done_i) == '0 && (to_look_i & to_ready_i) == '0);
    // A fill comes with its request's end, for its page and address space, and grants it.
    assume (fill_i == (to_done_i != '0 && done_fault_i == mmu_pkg::FAULT_NONE) && !fill_software_i);
    if (fill_i) begin
      assume (fill_key_i == tlb_entry_pkg::key(Format, done_request[request_pkg::VA+12 +: 45],
                                               done_request[request_pkg::ASID +: 12]));
      assume (!done_user || fill_user);
      assume (!IsX86 || fill_data_i[tlb_entry_pkg::DATA_CLASS +: 2] != 2'd3);
    end
    assume (!(inv_clear_i && (fill_i || fault_clear_i)));

    if (run_q) begin
      allowed = allowed_q || local_q || global_q || (fill_covers && fill_user);
      any = any_q || any_local_q || any_global_q || fill_covers;
      // ---- F1, F2, F3: only what was filled for them and not invalidated since answers
      if (rsp_valid && open_q && rsp_id == tracked && rsp_fault == mmu_pkg::FAULT_NONE) begin
        assert (any_q);
        assert (!user_q || allowed_q);
        // F5: a response belongs to its request.
        assert (rsp_pa[11:0] == offset_q);
      end
      // ---- F5: nothing is lost, nothing twice
      assert (waiting_q == {1'b0, queued} + {2'b0, !idle_slot[0]} + {2'b0, !idle_slot[1]});
      for (int i = 0; i < 2; i++) begin
        assert ({2'b0, idle_slot[i]} + {2'b0, look[i]} + {2'b0, looking[i]} + {2'b0, ready[i]} + {2'b0, walking[i]}
                + {2'b0, merged[i]} + {2'b0, retried[i]} + {2'b0, finished[i]} == 3'd1);
      end
      assert (queued != 2'd3);
      // ---- F6: the entry used last is not replaced
      if (\u_dut.took_victim ) assert (!filled_q || written != last_q);
      assert (written != 2'b11);

      cover (rsp_valid && open_q && user_q && rsp_id == tracked && rsp_fault == mmu_pkg::FAULT_NONE);
      cover (rsp_valid && open_q && user_q && rsp_id == tracked && events[0] && rsp_fault == mmu_pkg::FAULT_NONE);
      cover (merged != '0);
      cover (\u_dut.took_victim && filled_q);
      cover (inv_covers && valid == 2'b11 && local_q);
    end

    // ---- remembered
    if (fill_covers) begin
      if (fill_user && fill_global) global_q <= 1'b1;
      if (fill_user && !fill_global) local_q <= 1'b1;
      if (fill_global) any_global_q <= 1'b1;
      if (!fill_global) any_local_q <= 1'b1;
    end
    if (inv_covers && (!inv_by_asid_i || inv_key_i[Key-1:Vpn] == asid)) begin
      local_q <= 1'b0;
      any_local_q <= 1'b0;
    end
    if (inv_covers && !inv_spare_global_i) begin
      global_q <= 1'b0;
      any_global_q <= 1'b0;
    end
    if (open_q) begin
      allowed_q <= allowed;
      any_q <= any;
    end
    if (taken && rsp_id == tracked) open_q <= 1'b0;
    if (accepted && req_id_i == tracked) open_q <= 1'b0;
    if (to_tracked) begin
      open_q <= 1'b1;
      allowed_q <= local_q || global_q;
      any_q <= any_local_q || any_global_q;
      user_q <= req_mode_i != mmu_pkg::MODE_KERNEL && !(IsX86 && req_implicit_i);
      offset_q <= req_va_i[11:0];
    end
    waiting_q <= waiting_q + {2'b0, accepted} - {2'b0, taken};
    if (accepted || retried != '0) filled_q <= 1'b0;
    if (written != '0) begin
      filled_q <= !accepted && retried == '0;
      last_q <= written;
    end
    if (!run_q) begin
      local_q <= 1'b0;
      global_q <= 1'b0;
      any_local_q <= 1'b0;
      any_global_q <= 1'b0;
      open_q <= 1'b0;
      allowed_q <= 1'b0;
      any_q <= 1'b0;
      waiting_q <= 3'd0;
      filled_q <= 1'b0;
    end
  end

  // ---- F5, F7: R2 and R3 on the pins
  port_props #(
    .PayloadBits(73),
    .Patience(30000)
  ) u_port (
    .clk_i(clk_i),
    .rst_ni(run_q),
    .req_valid_i(req_valid_i),
    .req_ready_i(req_ready),
    .req_payload_i({req_implicit_i, req_ac_i, req_write_i, req_va_i, req_mode_i, req_id_i}),
    .rsp_valid_i(rsp_valid),
    .rsp_ready_i(rsp_ready_i),
    .rsp_payload_i({rsp_pa, rsp_fault, rsp_err, rsp_level, rsp_size, rsp_mt, rsp_global, rsp_id}),
    .excused_i(1'b1),  // R5 is timed in walk_formal.sv
    .changed_i(1'b0)
  );
endmodule
