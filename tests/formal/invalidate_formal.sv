// SPDX-License-Identifier: Apache-2.0
//
// F3, F4, R6 of the maintenance alone, for ever: every operation is acknowledged within a bound, once, and scans each
// set.
//
//   Format  page-table format (mmu_pkg::FORMAT_*)
//   Sets    of the largest bank of the L2 TLB
//
// The walkers are an input that may take any number of BUSY cycles, `drain`, below 1024 (anyconst) to become idle;
// memory_port_formal.sv proves such a number. ACK follows after the longest of one cycle, the scan (BUSY cycle n makes
// set n - 1 invalid, from 1) and the drain.

module invalidate_formal #(
  parameter int Format = mmu_pkg::FORMAT_X86_64,
  parameter int Sets = 4
) (
  input logic        clk_i,
  input logic        inv_valid_i,
  input logic [3:0]  inv_op_i,
  input logic [63:0] inv_va_i,
  input logic [11:0] inv_asid_i,
  input logic [63:0] inv_pte_i,
  input logic        walker_idle_i,
  input logic        hold_i,
  input logic        walk_done_i
);
  logic run_q = 1'b0;
  always_ff @(posedge clk_i) run_q <= 1'b1;

  logic        ready, ack, busy, i_clear, d_clear, l2_all, l2_page, l2_scan, psc_all, psc_asid, i_fill, d_fill;
  logic        by_va, spare_global;
  logic [10:0] count;
  invalidate #(
    .Format(Format), .L2Largest(Sets)
  ) u_dut (
    .clk_i(clk_i), .rst_ni(run_q), .inv_valid_i(inv_valid_i), .inv_ready_o(ready), .inv_op_i(inv_op_i),
    .inv_va_i(inv_va_i), .inv_asid_i(inv_asid_i), .inv_pte_i(inv_pte_i), .inv_ack_o(ack),
    .walker_idle_i(walker_idle_i), .hold_i(hold_i), .walk_done_i(walk_done_i), .busy_o(busy), .i_clear_o(i_clear),
    .d_clear_o(d_clear), .by_va_o(by_va), .by_asid_o(), .spare_global_o(spare_global), .l2_all_o(l2_all),
    .l2_page_o(l2_page), .l2_scan_o(l2_scan), .count_o(count), .psc_all_o(psc_all), .psc_asid_o(psc_asid),
    .i_fill_o(i_fill), .d_fill_o(d_fill), .pte_o(), .va_o(), .key_o(), .event_o()
  );

  (* anyconst *) logic [10:0] set;
  (* anyconst *) logic [9:0]  drain;
  logic [10:0] bound;          // cycles of BUSY
  logic        pending_q;      // accepted and not acknowledged
  logic [3:0]  op_q;
  logic        scanned_q;      // `set` was, since the acceptance
  logic        idle_q;
  logic [10:0] age_q;          // cycles since the acceptance
  logic        accepted, scans, fills;
  assign bound = ((Sets > 32'(drain)) ? 11'(Sets) : 11'(drain)) + 11'd1;
  assign accepted = inv_valid_i && ready;
  assign scans = op_q == mmu_pkg::INV_ASID || op_q == mmu_pkg::INV_NONGLOBAL;
  assign fills = op_q == mmu_pkg::INV_FILL_I || op_q == mmu_pkg::INV_FILL_D;
  (* hierconn *) wire [3:0] \u_dut.op_q ;

  always_ff @(posedge clk_i) begin : p_rules
    assume (32'(set) < Sets);
    // memory_port_formal.sv: in BUSY the walkers become IDLE in time, and what is IDLE stays so
    assume (!busy || walker_idle_i || age_q < 11'(drain));
    assume (!(busy && idle_q && age_q != '0) || walker_idle_i);
    if (run_q) begin
      // ---- F4
      assert (!pending_q || age_q <= bound);
      assert (pending_q == (busy || ack));
      // ---- R6
      assert (!(ready && (pending_q || ack)));
      assert (!(busy && ack));
      // ---- F3: not before all walkers are idle, and every set was scanned
      assert (!ack || idle_q);
      assert (!(ack && scans) || scanned_q);
      // Nothing is cleared or filled but by an operation; a fill comes with the end of BUSY, so once.
      assert (busy || !(i_clear || d_clear || l2_all || l2_page || l2_scan || psc_all || psc_asid || i_fill || d_fill));
      assert (!(i_fill || d_fill) || (walker_idle_i && fills));
      // What each operation leaves: global entries, the other side's, other pages'
      if (busy) begin
        assert (spare_global == (scans || op_q == mmu_pkg::INV_PAGE_NONGLOBAL));
        assert (op_q != mmu_pkg::INV_PAGE_I || !d_clear);
        assert (op_q != mmu_pkg::INV_PAGE_D || !i_clear);
        assert (by_va || op_q == mmu_pkg::INV_ALL || scans || !(i_clear || d_clear));
      end
      // for the induction: the counter is the age, and a set that it has passed was scanned
      assert (!busy || (count == age_q && \u_dut.op_q == op_q));
      assert (!(pending_q && scans) || scanned_q == (age_q > set + 11'd1));
      assert (!busy || !scans || l2_scan);

      cover (ack && scans && age_q == bound && age_q > 11'(Sets + 2));
      cover (ack && scans && 32'(age_q) == Sets + 1);
      cover (ack && !scans && age_q == 11'd1);
      if (Format != mmu_pkg::FORMAT_X86_64) cover (d_fill && age_q != '0);
    end

    idle_q <= walker_idle_i;
    if (busy && l2_scan && count == set + 11'd1) scanned_q <= 1'b1;
    if (pending_q) age_q <= age_q + 11'd1;
    if (ack) pending_q <= 1'b0;
    if (accepted) begin
      pending_q <= 1'b1;
      age_q <= 11'd0;
      scanned_q <= 1'b0;
      op_q <= inv_op_i;
    end
    if (!run_q) begin
      pending_q <= 1'b0;
      age_q <= 11'd0;
    end
  end
endmodule
