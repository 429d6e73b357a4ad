// SPDX-License-Identifier: Apache-2.0
//
// F1, F2, F3 of the L2 TLB with the maintenance: one missed request a side, every fill, every operation.
//
//   Format  page-table format (mmu_pkg::FORMAT_*)
//   Sets    of each bank, 1 or 2
//   Ways    of each bank
//
// As side_formal.sv: a page and an address space are chosen once and arbitrarily, and a hit for them needs a
// translation that a walk wrote and no operation covered since. After the acknowledgement nothing that an operation
// covers is left.

module l2_formal #(
  parameter int Format = mmu_pkg::FORMAT_X86_64,
  parameter int Sets = 1,
  parameter int Ways = 1
) (
  input logic        clk_i,
  input logic [1:0]  look_i,
  input logic [request_pkg::BITS-1:0] d_request_i,
  input logic [request_pkg::BITS-1:0] i_request_i,
  input logic        mem_rsp_valid_i,
  input logic        walk_write_i,
  input logic        walk_clear_i,
  input logic [56:12] walk_va_i,
  input logic [11:0] walk_asid_i,
  input logic [tlb_entry_pkg::DATA_BITS-1:0] walk_data_i,
  input logic        walker_idle_i,
  input logic        inv_valid_i,
  input logic [3:0]  inv_op_i,
  input logic [63:0] inv_va_i,
  input logic [11:0] inv_asid_i
);
  localparam int Key = tlb_entry_pkg::KEY_BITS;
  localparam int Vpn = tlb_entry_pkg::VPN_BITS;
  localparam bit IsX86 = Format == mmu_pkg::FORMAT_X86_64;
  (* anyconst *) logic [31:0] cfg;  // constant from reset on
  logic run_q = 1'b0;
  always_ff @(posedge clk_i) run_q <= 1'b1;

  logic        busy, by_asid, l2_all, l2_page, l2_scan, inv_ready, inv_ack, hit, read;
  logic [10:0] count;
  logic [56:12] inv_va;
  logic [Key-1:0] inv_key, hit_key, walk_key;
  logic [tlb_entry_pkg::DATA_BITS-1:0] hit_data;
  logic [1:0]  to_looking, to_look, to_ready, to_done;
  logic [2:0]  events;
  assign walk_key = tlb_entry_pkg::key(Format, walk_va_i, walk_asid_i);

  invalidate #(
    .Format(Format), .L2Largest(Sets)
  ) u_invalidate (
    .clk_i(clk_i), .rst_ni(run_q), .inv_valid_i(inv_valid_i), .inv_ready_o(inv_ready), .inv_op_i(inv_op_i),
    .inv_va_i(inv_va_i), .inv_asid_i(inv_asid_i), .inv_pte_i(64'd0), .inv_ack_o(inv_ack),
    .walker_idle_i(walker_idle_i), .hold_i(1'b0), .walk_done_i(1'b0), .busy_o(busy), .i_clear_o(), .d_clear_o(),
    .by_va_o(), .by_asid_o(by_asid), .spare_global_o(), .l2_all_o(l2_all), .l2_page_o(l2_page), .l2_scan_o(l2_scan),
    .count_o(count), .psc_all_o(), .psc_asid_o(), .i_fill_o(), .d_fill_o(), .pte_o(), .va_o(inv_va), .key_o(inv_key),
    .event_o()
  );

  l2_tlb #(
    .Format(Format), .DMisses(1), .IMisses(1), .Sets(Sets), .LargeSets(Sets), .Ways(Ways), .Policy(0)
  ) u_l2_tlb (
    .clk_i(clk_i), .rst_ni(run_q), .cfg_i(cfg), .look_i(look_i), .read_o(read), .place_o(),
    .d_request_i(d_request_i), .i_request_i(i_request_i), .to_looking_o(to_looking), .to_look_o(to_look),
    .to_ready_o(to_ready), .to_done_o(to_done), .hit_o(hit), .hit_key_o(hit_key), .hit_data_o(hit_data),
    .mem_rsp_valid_i(mem_rsp_valid_i), .walk_write_i(walk_write_i), .walk_clear_i(walk_clear_i),
    .walk_va_i(walk_va_i), .walk_key_i(walk_key), .walk_data_i(walk_data_i),
    .inv_busy_i(busy), .inv_all_i(l2_all), .inv_page_i(l2_page), .inv_scan_i(l2_scan), .inv_by_asid_i(by_asid),
    .inv_count_i(count), .inv_va_i(inv_va), .inv_asid_i(inv_key[Key-1 -: 12]), .event_o(events)
  );

  (* anyconst *) logic [56:12] page;
  (* anyconst *) logic [11:0]  asid;
  logic [Key-1:0] wanted;
  assign wanted = tlb_entry_pkg::key(Format, page, asid);

  logic write_covers, write_global, sign_ok, user, ours;
  logic local_q, global_q, user_local_q, user_global_q, looking_user_q, looking_q, pending_q;
  logic [1:0]  place_q;
  logic [3:0]  op_q;
  logic [63:12] va_q;
  logic [11:0] asid_q;
  assign write_global = walk_data_i[tlb_entry_pkg::DATA_GLOBAL];
  assign write_covers = walk_write_i && ((walk_key[Vpn-1:0] ^ wanted[Vpn-1:0])
                                         & tlb_entry_pkg::vpn_mask(Format, walk_data_i[tlb_entry_pkg::DATA_CLASS +: 2]))
                                        == '0
                        && (write_global || walk_asid_i == asid);
  assign sign_ok = IsX86 ? va_q[63:57] == {7{va_q[56]}} : (Format == mmu_pkg::FORMAT_ALPHA)
                         ? va_q[63:43] == {21{va_q[42]}} : va_q[63:48] == {16{va_q[47]}};
  assign user = to_looking[0] ? d_request_i[request_pkg::MODE +: 2] != 2'd0 && !d_request_i[request_pkg::IMPLICIT]
                              : i_request_i[request_pkg::MODE +: 2] != 2'd0;
  assign ours = hit && hit_key == wanted;

  always_ff @(posedge clk_i) begin : p_rules
    // ---- walk_formal: a walk ends only in a cycle of a response, and never in BUSY or ACK
    assume (!(walk_write_i || walk_clear_i) || (mem_rsp_valid_i && !busy && !inv_ack));
    assume (!(walk_write_i && walk_clear_i));
    assume (!IsX86 || !walk_write_i || walk_data_i[tlb_entry_pkg::DATA_CLASS +: 2] != 2'd3);
    assume (!i_request_i[request_pkg::WRITE] && !i_request_i[request_pkg::IMPLICIT] && !cfg[mmu_pkg::CFG_VMS]);
    assume ((look_i & place_q) == '0);  // what is being looked up does not want to be

    if (run_q) begin
      if (ours) begin
        // ---- F2, F3: only what a walk wrote for this page and address space, or for all, since
        assert (local_q || global_q);
        // ---- F1
        if (looking_user_q && IsX86) assert (user_local_q || user_global_q);
        if (looking_user_q && IsX86) assert (hit_data[mmu_pkg::X86_RIGHTS_U]);
        // Entries that do not match have no part in the result.
        assert (!hit_data[tlb_entry_pkg::DATA_GLOBAL] || global_q);
      end
      // ---- side_formal's assumptions: one state for the one that is looked up
      assert (!hit || (to_done & place_q) != '0);
      assert (((to_look | to_ready | to_done) & ~place_q) == '0 && (to_look & to_ready) == '0
              && ((to_look | to_ready) & to_done) == '0);
      assert ((to_looking & ~look_i) == '0 && to_looking != 2'b11);
      assert (!busy || (to_ready == '0 && to_done == '0 && to_looking == '0));

      cover (ours && looking_user_q);
      cover (ours && hit_data[tlb_entry_pkg::DATA_GLOBAL] && !local_q);
      cover (inv_ack && op_q == mmu_pkg::INV_ASID && (user_global_q || local_q));
      cover (to_ready != '0 && (local_q || global_q));
    end

    place_q <= to_looking;
    looking_user_q <= user;
    if (inv_valid_i && inv_ready) begin
      op_q <= inv_op_i;
      va_q <= inv_va_i[63:12];
      asid_q <= inv_asid_i;
    end
    if (write_covers) begin
      if (write_global) global_q <= 1'b1;
      if (!write_global) local_q <= 1'b1;
      if (write_global && walk_data_i[mmu_pkg::X86_RIGHTS_U]) user_global_q <= 1'b1;
      if (!write_global && walk_data_i[mmu_pkg::X86_RIGHTS_U]) user_local_q <= 1'b1;
    end
    // What the operation promises, in the cycle of its acknowledgement (R7)
    if (inv_ack) begin
      if (op_q == mmu_pkg::INV_ALL || op_q == mmu_pkg::INV_NONGLOBAL
          || (op_q == mmu_pkg::INV_ASID && asid_q == asid)
          || ((op_q == mmu_pkg::INV_PAGE || op_q == mmu_pkg::INV_PAGE_NONGLOBAL) && sign_ok && asid_q == asid
              && tlb_entry_pkg::key(Format, va_q[56:12], asid) == wanted)) begin
        local_q <= 1'b0;
        user_local_q <= 1'b0;
      end
      if (op_q == mmu_pkg::INV_ALL || (op_q == mmu_pkg::INV_PAGE && sign_ok
                                       && tlb_entry_pkg::key(Format, va_q[56:12], asid) == wanted)) begin
        global_q <= 1'b0;
        user_global_q <= 1'b0;
      end
    end
    if (!run_q) begin
      local_q <= 1'b0;
      global_q <= 1'b0;
      user_local_q <= 1'b0;
      user_global_q <= 1'b0;
      place_q <= 2'b0;
    end
  end
endmodule
