// SPDX-License-Identifier: Apache-2.0
//
// TLB maintenance: takes one operation at a time, clears or fills the TLBs, and acknowledges.
//
//   Format     page-table format (mmu_pkg::FORMAT_*)
//   L2Largest  sets of the largest bank of the L2 TLB, 0: there is none
//
// An invalidation clears until no walk is under way. While BUSY no walk starts and none ends, so nothing read
// before it is installed after it, and a fill by software never meets one by the walker. After an operation that
// killed a walk the next one waits until a walk has ended, so that no request is restarted for ever (R5).

module invalidate #(
  parameter int Format = mmu_pkg::FORMAT_X86_64,
  parameter int L2Largest = 64
) (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic        inv_valid_i,
  output logic        inv_ready_o,
  input  logic [3:0]  inv_op_i,
  input  logic [63:0] inv_va_i,
  input  logic [11:0] inv_asid_i,
  input  logic [63:0] inv_pte_i,
  output logic        inv_ack_o,

  input  logic        walker_idle_i,   // all of them
  input  logic        hold_i,          // a walk of a request was killed
  input  logic        walk_done_i,     // a walk of a request has ended
  output logic        busy_o,

  // What the operation covers, side by side with `key_o`
  output logic        i_clear_o,
  output logic        d_clear_o,
  output logic        by_va_o,
  output logic        by_asid_o,       // entries that are not global: those of this ASID only
  output logic        spare_global_o,
  // The same for the L2 TLB: everything, the sets of the address, set after set by `count_o`
  output logic        l2_all_o,
  output logic        l2_page_o,
  output logic        l2_scan_o,
  output logic [10:0] count_o,
  // and for the paging-structure caches: everything, one address space
  output logic        psc_all_o,
  output logic        psc_asid_o,
  // A fill by software, with what the last-level Alpha entry `pte_o` maps
  output logic        i_fill_o,
  output logic        d_fill_o,
  output logic [63:0] pte_o,
  output logic [56:12] va_o,
  output logic [tlb_entry_pkg::KEY_BITS-1:0] key_o,

  output logic        event_o          // an operation was taken, the cycle after
);
  localparam logic [1:0] InvIdle = 2'd0;
  localparam logic [1:0] InvBusy = 2'd1;
  localparam logic [1:0] InvAck = 2'd2;

  logic [1:0]  inv_state_q;
  logic [3:0]  op_q;
  logic [63:12] va_q;
  logic [11:0] asid_q;
  logic [63:0] pte_q;
  logic [10:0] inv_count_q;  // stays at its largest
  logic        hold_q;
  logic        event_q;
  logic        scanned;

  assign inv_ready_o = inv_state_q == InvIdle && !hold_q;
  assign count_o = inv_count_q;
  assign busy_o = inv_state_q == InvBusy;
  assign inv_ack_o = inv_state_q == InvAck;
  assign event_o = event_q;
  assign pte_o = pte_q;

  // An address that no access can use covers nothing (SDM: INVLPG of a non-canonical address).
  always_comb begin : p_decode
    logic usable, fills;
    usable = 1'b0;
    fills = 1'b0;
    i_clear_o = 1'b0;
    d_clear_o = 1'b0;
    by_va_o = 1'b0;
    by_asid_o = 1'b0;
    spare_global_o = 1'b0;
    i_fill_o = 1'b0;
    d_fill_o = 1'b0;
    l2_all_o = 1'b0;
    l2_page_o = 1'b0;
    l2_scan_o = 1'b0;
    psc_all_o = 1'b0;
    psc_asid_o = 1'b0;
    scanned = 1'b1;
    if (busy_o) begin
      usable = direct_check_pkg::sign_extended(Format, va_q[63:42], 1'b1);
      case (op_q)
        mmu_pkg::INV_ALL, mmu_pkg::INV_NONGLOBAL, mmu_pkg::INV_ASID: begin
          i_clear_o = 1'b1;
          d_clear_o = 1'b1;
          l2_all_o = op_q == mmu_pkg::INV_ALL;
          l2_scan_o = op_q != mmu_pkg::INV_ALL;
          psc_all_o = op_q != mmu_pkg::INV_ASID;
          psc_asid_o = op_q == mmu_pkg::INV_ASID;
          scanned = op_q == mmu_pkg::INV_ALL || 32'(inv_count_q) >= L2Largest;
        end
        mmu_pkg::INV_PAGE, mmu_pkg::INV_PAGE_NONGLOBAL, mmu_pkg::INV_PAGE_I, mmu_pkg::INV_PAGE_D: begin
          by_va_o = 1'b1;
          i_clear_o = op_q != mmu_pkg::INV_PAGE_D && usable;
          d_clear_o = op_q != mmu_pkg::INV_PAGE_I && usable;
          l2_page_o = usable;
          // The whole address space, whatever the page (SDM 4.10.4.1).
          psc_asid_o = usable;
        end
        mmu_pkg::INV_FILL_I, mmu_pkg::INV_FILL_D: begin
          // Written once, at the end of the last BUSY cycle.
          fills = Format != mmu_pkg::FORMAT_X86_64 && walker_idle_i && usable && pte_q[mmu_pkg::ALPHA_PTE_V];
          i_fill_o = fills && op_q == mmu_pkg::INV_FILL_I;
          d_fill_o = fills && op_q == mmu_pkg::INV_FILL_D;
        end
        default: ;
      endcase
      by_asid_o = op_q != mmu_pkg::INV_ALL && op_q != mmu_pkg::INV_NONGLOBAL;
      spare_global_o = op_q == mmu_pkg::INV_NONGLOBAL || op_q == mmu_pkg::INV_ASID
                       || op_q == mmu_pkg::INV_PAGE_NONGLOBAL;
    end
  end
  assign va_o = va_q[56:12];
  assign key_o = tlb_entry_pkg::key(Format, va_q[56:12], asid_q);

  always_ff @(posedge clk_i) begin : p_state
    event_q <= 1'b0;
    if (inv_ready_o && inv_valid_i) begin
      inv_state_q <= InvBusy;
      op_q <= inv_op_i;
      va_q <= inv_va_i[63:12];
      asid_q <= inv_asid_i;
      pte_q <= inv_pte_i;
      inv_count_q <= 11'd0;
      event_q <= 1'b1;
    end
    if (busy_o && !(&inv_count_q)) inv_count_q <= inv_count_q + 11'd1;
    if (busy_o && walker_idle_i && scanned) inv_state_q <= InvAck;
    if (inv_ack_o) inv_state_q <= InvIdle;
    if (hold_i) hold_q <= 1'b1;
    if (walk_done_i) hold_q <= 1'b0;
    if (!rst_ni) begin
      inv_state_q <= InvIdle;
      inv_count_q <= 11'd0;
      hold_q <= 1'b0;
      event_q <= 1'b0;
    end
  end
endmodule
